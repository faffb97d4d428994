"""NumPy's own signatures, and which argument of a call is which parameter."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from tapefix.tapes.twins.arguments import NOT_CONSTANT, Argument, NoTwin


@dataclass(frozen=True)
class Parameter:
    """A parameter with its default; `...` as default means that NumPy tells "not given" from every value."""

    name: str
    default: object = NOT_CONSTANT
    keyword: bool = True
    """Whether it can be given by name."""

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is NOT_CONSTANT

    def is_default(self, argument: Argument) -> bool:
        """Whether the argument says what is true without it."""
        return argument.constant is not NOT_CONSTANT and argument.constant == self.default


@dataclass(frozen=True)
class Signature:
    """The parameters of a function: by position, then by keyword only; `rest` takes what is left of the positions."""

    by_position: tuple[Parameter, ...]
    by_keyword: tuple[Parameter, ...] = ()
    rest: str | None = None

    @property
    def parameters(self) -> dict[str, Parameter]:
        """All named parameters by name."""
        return {parameter.name: parameter for parameter in (*self.by_position, *self.by_keyword)}


@dataclass(frozen=True)
class Bound:
    """Which argument, by position in the call, is which parameter."""

    given: Mapping[str, int] = field(default_factory=dict)
    rest: tuple[int, ...] = ()


@cache
def signature(text: str) -> Signature:
    """Read a signature as Python writes it: `"a, axis=None, *, where=True"`."""
    function = ast.parse(f"def f({text}): ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    listed = function.args
    positional = [*listed.posonlyargs, *listed.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(listed.defaults)) + list(listed.defaults)

    def parameter(argument: ast.arg, default: ast.expr | None, keyword: bool) -> Parameter:
        return Parameter(argument.arg, NOT_CONSTANT if default is None else ast.literal_eval(default), keyword)

    return Signature(
        tuple(
            parameter(argument, default, position >= len(listed.posonlyargs))
            for position, (argument, default) in enumerate(zip(positional, defaults, strict=True))
        ),
        tuple(parameter(a, d, True) for a, d in zip(listed.kwonlyargs, listed.kw_defaults, strict=True)),
        listed.vararg.arg if listed.vararg else None,
    )


def bind(name: str, shape: Signature, arguments: Sequence[Argument]) -> Bound | NoTwin:
    """Find the parameter of each argument; a call that NumPy would refuse has no twin."""
    given: dict[str, int] = {}
    rest: list[int] = []
    known = shape.parameters
    for position, argument in enumerate(arguments):
        if argument.star:
            return NoTwin(f"`{argument.star}{argument.text}` hides which argument of `{name}` is which")
        if argument.keyword is None:
            if position < len(shape.by_position):
                given[shape.by_position[position].name] = position
            elif shape.rest:
                rest.append(position)
            else:
                return NoTwin(f"`{name}` has more arguments here than the table knows")
            continue
        parameter = known.get(argument.keyword)
        if parameter is None or not parameter.keyword:
            return NoTwin(f"`{argument.keyword}=` of `{name}` is not in the table")
        if argument.keyword in given:
            return NoTwin(f"`{argument.keyword}=` is given twice to `{name}`")
        given[argument.keyword] = position
    missing = [p.name for p in known.values() if p.required and p.name not in given]
    if missing:
        return NoTwin(f"`{name}` needs `{missing[0]}`")
    return Bound(given, tuple(rest))
