"""The table put together, and the questions it answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tapefix.tapes.twins import (
    elementwise,
    joining,
    linear_algebra,
    methods,
    reductions,
    scalars,
    shapes,
    special,
    statistics,
)
from tapefix.tapes.twins.arguments import UNCHANGED, Argument, NoTwin, Twin
from tapefix.tapes.twins.calls import Row, write
from tapefix.tapes.twins.elsewhere import way_out
from tapefix.tapes.twins.operators import ARITHMETIC, COMPARISONS, LOGICAL
from tapefix.tapes.twins.signatures import bind, signature

_FAMILIES: Final = (elementwise, reductions, shapes, joining, linear_algebra, scalars, special, statistics)

FUNCTIONS: Final[dict[str, Row]] = {row.name: row for family in _FAMILIES for row in family.ROWS}
_REFUSED: Final[dict[str, str]] = {name: why for family in _FAMILIES for name, why in family.REFUSED.items()}
METHODS: Final[dict[str, Row]] = {
    **{name: FUNCTIONS[f"numpy.{name}"] for name in methods.LIKE_FUNCTION},
    **{row.name: row for row in methods.ROWS},
}
ATTRIBUTES: Final[dict[str, Row]] = {row.name: row for row in methods.ATTRIBUTES}


@dataclass(frozen=True)
class Known:
    """A name that the table knows."""

    name: str
    """As it is asked for: `numpy.mean`, `ndarray.sum`, `@`."""
    kind: str
    """`function`, `method`, `attribute` or `operator`."""
    twin: bool
    """Whether it has one, for the arguments that the table understands."""
    differentiable: bool = True
    reason: str = ""
    """Why there is no twin."""


def _known() -> Iterator[Known]:
    for name, row in FUNCTIONS.items():
        yield Known(name, "function", True, row.differentiable)
    for name in scalars.SAME:
        yield Known(name, "function", True)
    for name, reason in _REFUSED.items():
        yield Known(name, "function", False, False, reason)
    for name in methods.SAME:
        yield Known(f"ndarray.{name}", "attribute", True, False)
    for kind, table in (("method", METHODS), ("attribute", ATTRIBUTES)):
        for name, row in table.items():
            yield Known(f"ndarray.{name}", kind, True, row.differentiable)
    for name, reason in methods.REFUSED.items():
        yield Known(f"ndarray.{name}", "method", False, False, reason)
    for operator in (*ARITHMETIC, "@", "[]"):
        yield Known(operator, "operator", True, operator != "//")
    for operator in (*COMPARISONS, *LOGICAL, "~"):
        yield Known(operator, "operator", True, False)
    yield Known("in", "operator", False, False, "tensors do not tell whether they hold a value")


KNOWN: Final[tuple[Known, ...]] = tuple(_known())
"""Every name of the table, with whether it has a twin."""


def twin_of_function(qualified_name: str, arguments: Sequence[Argument], tf: str = "tf") -> Twin | NoTwin | None:
    """Return the twin of a call of `numpy.mean`, `math.exp`, `scipy.special.expit`, a builtin.

    `tf` is the name under which the file knows TensorFlow. `None`: the table does not know the function.
    """
    name = qualified_name.removeprefix("builtins.")
    if name in scalars.SAME:
        bound = bind(name, signature(scalars.SAME[name]), arguments)
        if isinstance(bound, NoTwin):
            return bound
        row = scalars.BESIDE_NUMBERS.get(name)
        numbers = any(argument.is_number for argument in arguments)
        return write(row, arguments, tf) if row is not None and numbers else UNCHANGED
    row = FUNCTIONS.get(name)
    if row is not None:
        return write(row, arguments, tf)
    reason = _REFUSED.get(name) or way_out(name)
    return NoTwin(reason) if reason else None


def twin_of_method(
    method: str, receiver: Argument, arguments: Sequence[Argument] | None, tf: str = "tf"
) -> Twin | NoTwin | None:
    """Return the twin of a method of an array, or of an attribute when `arguments` is `None`.

    `None`: the table does not know the method.
    """
    if method in methods.SAME:
        return UNCHANGED
    row = (ATTRIBUTES if arguments is None else METHODS).get(method)
    if row is None and not arguments:
        # Both spellings of the question are understood where a name can only be one of the two.
        row = ATTRIBUTES.get(method)
    if row is not None:
        return write(row, (receiver, *(arguments or ())), tf, method=True)
    return NoTwin(methods.REFUSED[method]) if method in methods.REFUSED else None
