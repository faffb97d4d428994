"""One call of a known function: its arguments by parameter, and how a pattern becomes a template.

A pattern is the TensorFlow expression with the parameters in braces:

- `{a}` is the argument given for `a`; `{a!}` the same beside an operator; `{*operands}` all that is left;
- `<, axis={axis}>` is there only when `axis` was given;
- `tf.` and `tnp.` become the names by which the file knows TensorFlow and `tf.experimental.numpy`.

A parameter that the pattern does not name must be absent or say its default, else there is no twin.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from tapefix.tapes.twins.arguments import (
    FLOATS,
    RECEIVER,
    UNCHANGED,
    Argument,
    NoTwin,
    Slot,
    Twin,
    float_dtype,
    is_number,
    is_repeatable,
    is_tight,
    parsed,
)
from tapefix.tapes.twins.signatures import Bound, Signature, bind, signature

_MODULE = re.compile(r"\b(tnp|tf)\.")
_SLOT = re.compile(r"\{(\*?)(\w+)(!?)\}")
_SECTION = re.compile(r"<([^<>]*)>")

_WIDENED = "NumPy would widen the result to float64 for this operand; TensorFlow keeps the tensor's dtype"


@dataclass(frozen=True)
class Row:
    """A line of the table: a name with its signature, and what writes its twin."""

    name: str
    signature: Signature
    write: str | Callable[[Call], Twin | NoTwin]
    """A pattern, or a function that picks one."""
    arrays: tuple[str, ...]
    """The parameters that may be tensors."""
    dtypes: frozenset[str] = frozenset({"floating"})
    """The classes of tensors for which the twin is exact; a tensor of unknown dtype is taken to be one of them."""
    differentiable: bool = True
    ignored: frozenset[str] = frozenset()
    """Parameters that change nothing in what is computed."""
    every: bool = False
    """Whether all operands must be tensors: TensorFlow converts no number or array there."""
    sequences: bool = False
    """Whether a list whose elements are not known counts as a list of tensors."""


@dataclass
class Call:
    """A call of `row` with its arguments; a writer asks it what was given and lets it fill a pattern."""

    row: Row
    arguments: Sequence[Argument]
    tf: str
    offset: int = 0
    """What to subtract from an argument's position: 1 for a method, whose receiver comes first."""
    bound: Bound = field(default_factory=Bound)
    casts: dict[str, str] = field(default_factory=dict)
    """The dtype to which a parameter must be cast first."""

    def given(self, name: str) -> Argument | None:
        """The argument for a parameter, or `None` when it is left out."""
        position = self.bound.given.get(name)
        return None if position is None else self.arguments[position]

    def __getitem__(self, name: str) -> Argument:
        """The argument for a parameter that the call must have."""
        return self.arguments[self.bound.given[name]]

    def plain(self, name: str) -> bool:
        """Whether the parameter is left out or says its default."""
        argument = self.given(name)
        return argument is None or self.row.signature.parameters[name].is_default(argument)

    def constant(self, name: str) -> object:
        """The literal given for a parameter, its default when left out, `NOT_CONSTANT` when it is no literal."""
        argument = self.given(name)
        return self.row.signature.parameters[name].default if argument is None else argument.constant

    def repeatable(self, *names: str) -> bool:
        """Whether the texts of these arguments may be written twice."""
        return all(is_repeatable(argument.text) for argument in map(self.given, names) if argument is not None)

    def operands(self) -> list[Argument]:
        """The arguments that may be tensors."""
        named = [argument for argument in map(self.given, self.row.arrays) if argument is not None]
        return named + [self.arguments[position] for position in self.bound.rest]

    def fill(self, pattern: str, ignoring: Collection[str] = (), note: str = "") -> Twin | NoTwin:
        """Return the twin that the pattern writes, or why there is none."""
        named = {name for _, name, _ in _SLOT.findall(pattern)}
        casts = dict(self.casts)
        if (
            "dtype" in self.row.signature.parameters
            and "dtype" not in named | set(ignoring)
            and not self.plain("dtype")
        ):
            wanted = float_dtype(self["dtype"])
            if wanted is None:
                return NoTwin(
                    f"`dtype={self['dtype'].text}` of `{self.row.name}` is no floating dtype, or not known here"
                )
            casts.update(dict.fromkeys(self.row.arrays, wanted))
            ignoring = {*ignoring, "dtype"}
        for name in self.row.signature.parameters:
            if name not in named and name not in ignoring and name not in self.row.ignored and not self.plain(name):
                return NoTwin(f"`{name}={self[name].text}` of `{self.row.name}` has no exact twin in TensorFlow")
        given = {*self.bound.given, self.row.signature.rest if self.bound.rest else None}
        text = _SECTION.sub(lambda m: m[1] if all(n in given for _, n, _ in _SLOT.findall(m[1])) else "", pattern)
        template: list[str | Slot] = []
        end = 0
        for match in _SLOT.finditer(text):
            template.append(self._named(text[end : match.start()]))
            template.extend(self._slots(match[1], match[2], match[3], casts))
            end = match.end()
        template.append(self._named(text[end:]))
        merged = _merged(template)
        needs = ("tensorflow",) if any(isinstance(p, str) and f"{self.tf}." in p for p in merged) else ()
        return Twin(merged, needs, note or self._note(), self.row.differentiable)

    def _named(self, text: str) -> str:
        return _MODULE.sub(lambda m: f"{self.tf}." if m[1] == "tf" else f"{self.tf}.experimental.numpy.", text)

    def _slots(self, star: str, name: str, tight: str, casts: dict[str, str]) -> list[str | Slot]:
        if star:
            rest: list[str | Slot] = []
            for position in self.bound.rest:
                rest += [", "] if rest else []
                rest += self._slot(position, False, casts.get(name))
            return rest
        return self._slot(self.bound.given[name], bool(tight), casts.get(name))

    def _slot(self, position: int, tight: bool, cast: str | None) -> list[str | Slot]:
        argument = self.arguments[position]
        slot = Slot(position - self.offset if position >= self.offset else RECEIVER)
        if cast is not None and argument.on_tape and argument.dtype != cast:
            return [f"{self.tf}.cast(", slot, f", {self.tf}.{cast})"]
        loose = (tight and not is_tight(argument.text)) or (
            isinstance(parsed(argument.text), ast.NamedExpr) and not argument.text.startswith("(")
        )
        return ["(", slot, ")"] if loose else [slot]

    def _note(self) -> str:
        """What the result's dtype does not share with NumPy's."""
        named = [argument for argument in map(self.given, self.row.arrays) if argument is not None]
        leaves = [leaf for argument in self.operands() for leaf in _leaves(argument)]
        tensors = {leaf.dtype for leaf in leaves if leaf.on_tape and leaf.dtype_class != "integer"}
        # A number beside an array adapts to it; in a list it is float64, or whole, from the start.
        weak = {id(argument) for argument in named if is_number(argument.constant)}
        others = {
            leaf.dtype for leaf in leaves if id(leaf) not in weak and not (leaf.on_tape and leaf.dtype in tensors)
        }
        return _WIDENED if others - tensors and tensors != {"float64"} else ""


def _merged(template: list[str | Slot]) -> tuple[str | Slot, ...]:
    merged: list[str | Slot] = []
    for piece in template:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    return tuple(merged)


def _leaves(argument: Argument) -> list[Argument]:
    return [leaf for part in argument.parts for leaf in _leaves(part)] if argument.parts else [argument]


def _holds_tensor(argument: Argument, sequences: bool) -> bool:
    if argument.parts:
        return any(_holds_tensor(part, sequences) for part in argument.parts)
    return argument.on_tape or (sequences and argument.kind == "sequence")


def _refusal(call: Call) -> NoTwin | None:
    """Why the call cannot be looked at, whatever its row says."""
    for argument in call.arguments:
        node = parsed(argument.text)
        if node is None or isinstance(node, ast.GeneratorExp | ast.Yield | ast.YieldFrom):
            return NoTwin(f"`{argument.text}` is not a value that TensorFlow takes")
    operands = call.operands()
    if not any(_holds_tensor(argument, call.row.sequences) for argument in operands):
        return NoTwin(f"no argument of `{call.row.name}` is known to be a tensor")
    if call.row.every and not all(argument.on_tape for argument in operands):
        return NoTwin(f"not every argument of `{call.row.name}` is known to be a tensor")
    return None


def _align(call: Call) -> NoTwin | None:
    """Cast the operands to one dtype where NumPy would: TensorFlow mixes none."""
    tensors = {name: call[name] for name in call.row.arrays if name in call.bound.given and call[name].on_tape}
    wrong = {name: a for name, a in tensors.items() if a.dtype_class not in call.row.dtypes | {"unknown"}}
    precise = [a.dtype for a in tensors.values() if a.dtype in FLOATS]
    widest = max(precise, key=FLOATS.index, default=None)
    for name, argument in wrong.items():
        if len(wrong) == len(tensors) or argument.dtype_class == "complex" or widest is None:
            return NoTwin(f"`{call.row.name}` of a tensor of dtype {argument.dtype} means something else in TensorFlow")
        call.casts[name] = widest
    if len(set(precise)) > 1 and widest is not None:
        call.casts.update({name: widest for name, a in tensors.items() if a.dtype in FLOATS and a.dtype != widest})
    return None


ANY = frozenset({"floating", "integer", "bool", "complex"})
"""For a row that only moves values about."""


def rows(
    names: str,
    parameters: str,
    writer: str | Callable[[Call], Twin | NoTwin],
    arrays: str | None = None,
    *,
    dtypes: Collection[str] = ("floating",),
    differentiable: bool = True,
    ignored: str = "",
    every: bool = False,
    sequences: bool = False,
) -> list[Row]:
    """Make the rows of one or more names that share a signature; the required parameters are the arrays."""
    shape = signature(parameters)
    if arrays is None:
        operands = tuple(parameter.name for parameter in shape.by_position if parameter.required)
    else:
        operands = tuple(arrays.split())
    return [
        Row(
            name,
            shape,
            writer,
            operands,
            frozenset(dtypes),
            differentiable,
            frozenset(ignored.split()),
            every,
            sequences,
        )
        for name in names.split()
    ]


def write(row: Row, arguments: Sequence[Argument], tf: str, method: bool = False) -> Twin | NoTwin:
    """Write the twin of a call, or say why there is none."""
    bound = bind(row.name, row.signature, arguments)
    if isinstance(bound, NoTwin):
        return bound
    call = Call(row, arguments, tf, offset=1 if method else 0, bound=bound)
    refusal = _refusal(call) or _align(call)
    if refusal is not None:
        return refusal
    twin = call.fill(row.write) if isinstance(row.write, str) else row.write(call)
    if isinstance(twin, Twin) and twin is not UNCHANGED and not row.differentiable:
        return replace(twin, differentiable=False)
    return twin
