"""Straight-through estimators: what is computed stays, and the gradient goes past it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.flow.stops import Stop, casts_to_whole, stop_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.cuts import Cut
from tapefix.tapes.repairs.spelling import free_name
from tapefix.tapes.repairs.steady import is_pure, is_simple, is_steady, own_line
from tapefix.tapes.values import Dtype, Operation, Value
from tapefix.tapes.writing.draft import Draft

_QUOTIENTS = {"floordiv", "floor_divide", "truncatediv"}
"""Functions of two arguments that round what the first is, divided by the second."""
_ENCLOSED = (
    cst.AnnAssign,
    cst.Arg,
    cst.Assign,
    cst.Element,
    cst.Expr,
    cst.GeneratorExp,
    cst.Index,
    cst.Lambda,
    cst.ListComp,
    cst.Return,
)
NAMES = {Stop.ROUNDING: ("unrounded", "exact"), Stop.SELECTION: ("soft", "scores")}


@dataclass
class Estimator:
    """`computed` in place of which `passing + stop_gradient(computed - passing)` is to stand."""

    computed: cst.BaseExpression
    passing: tuple[cst.BaseExpression, ...]
    """What the gradient goes past by: one expression, or the two of a quotient."""
    names: Sequence[str]
    """What to call that where it has no name."""

    def write(self, draft: Draft, taken: set[str]) -> str:
        """Add the edits; or say why there are none. `taken` are the names that other rewrites have given."""
        reading = draft.reading
        if all(is_simple(part) for part in self.passing):
            self._around(draft, " / ".join(reading.code(part) for part in self.passing))
            return ""
        line = own_line(reading, self.computed)
        if len(self.passing) == 1 and line is None and is_pure(self.passing[0]):
            self._around(draft, reading.code(self.passing[0]))
            return ""
        if len(self.passing) > 1 or line is None or reading.statement(self.passing[0]) is not line:
            return "what the gradient would go past by has no name, and none can be given to it here"
        name = free_name(reading, *self.names)
        number = 2
        while name in taken:
            name, number = free_name(reading, f"{self.names[0]}_{number}"), number + 1
        taken.add(name)
        text = reading.code(self.passing[0])
        draft.insert_before(line, f"{name} = ({text})" if "\n" in text else f"{name} = {text}")
        draft.rewrite_whole(self.passing[0], name)
        self._around(draft, name)
        return ""

    def _around(self, draft: Draft, passing: str) -> None:
        tf = draft.tensorflow()
        start, end = draft.reading.span(self.computed)
        enclosed = self._stands_free(draft.reading)
        draft.insert(start, f"{'' if enclosed else '('}{passing} + {tf}.stop_gradient(")
        subtracted = f"({passing})" if _is_sum(passing) else passing
        draft.insert(end, f" - {subtracted}){'' if enclosed else ')'}")

    def _stands_free(self, reading: Reading) -> bool:
        """Whether a sum may stand in its place without parentheses."""
        parent = reading.parent(self.computed)
        if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, (cst.Add, cst.Subtract)):
            return parent.left is self.computed
        return isinstance(parent, _ENCLOSED)


def _is_sum(passing: str) -> bool:
    """Whether an expression needs parentheses where it is subtracted."""
    node = cst.parse_expression(passing)
    return isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract))


def estimator(reading: Reading, cut: Cut) -> Estimator | str:
    """The estimator that leads a gradient past a cut, or why there is none."""
    if cut.held:
        return cut.held
    ways = [_way(reading, cut, value) for value in cut.values]
    obstacle = next((way for way in ways if isinstance(way, str)), None)
    if obstacle is not None:
        return obstacle
    way = ways[0]
    if isinstance(way, str) or any(other != way for other in ways):
        return "it would have to be written differently for different calls"
    return Estimator(way[0], way[1], NAMES[cut.stop])


Way = tuple[cst.BaseExpression, tuple[cst.BaseExpression, ...]]


def _way(reading: Reading, cut: Cut, value: Value) -> Way | str:
    passing = _passing(value)
    if not passing:
        return "its arguments are not written out"
    last = _last(cut, value) if cut.stop is Stop.ROUNDING else _one_hot(cut, value)
    if isinstance(last, str):
        return last
    again = next((each for each in cut.behind(last) if stop_of(each) is not None and each.node is not None), None)
    if again is not None and again.node is not None:
        return f"no gradient comes back through line {reading.line(again.node)} either"
    computed = last.node
    if not isinstance(computed, cst.BaseExpression):
        return "it is not an expression of its own"
    inside = computed is value.node or any(parent is computed for parent in reading.parents(passing[0]))
    if not inside and not all(is_steady(reading, part, computed) for part in passing):
        return "what the gradient would go past by may be another value where the whole numbers are used"
    return computed, passing


def _passing(value: Value) -> tuple[cst.BaseExpression, ...]:
    """What is rounded, or selected from."""
    if isinstance(value.node, cst.BinaryOperation):
        return (value.node.left, value.node.right)
    arguments = value.arguments[: 2 if value.name.rpartition(".")[2] in _QUOTIENTS else 1]
    return () if any(argument.star for argument in arguments) else tuple(a.node.value for a in arguments)


def _last(cut: Cut, value: Value) -> Value | str:
    """What is floating again, where whole numbers are cast back; else the rounding itself."""
    current = value
    while True:
        users = [each for each in cut.behind(current) if current in each.inputs]
        rounds = len(users) == 1 and _takes(users[0], current) and stop_of(users[0]) is Stop.ROUNDING
        back = len(users) == 1 and _takes(users[0], current) and _is_cast(users[0])
        if rounds or (back and casts_to_whole(current)):
            current = users[0]
            continue
        if casts_to_whole(current):
            return "the whole numbers are used as such: an index, a label or a count has no gradient"
        return current


def _takes(user: Value, value: Value) -> bool:
    return user.operation is Operation.CALL and bool(user.arguments) and user.arguments[0].value is value


def _is_cast(value: Value) -> bool:
    return value.name.rpartition(".")[2] == "cast" and value.dtype is Dtype.FLOATING


def _one_hot(cut: Cut, value: Value) -> Value | str:
    """The one-hot vector that a selection is made into, and nothing else."""
    axis = value.argument(1, "axis")
    users = [each for each in cut.behind(value) if value in each.inputs]
    one_hot = users[0] if len(users) == 1 and not cut.users_off_path(value) else None
    plain = value.name.rpartition(".")[2] == "argmax" and axis is not None and axis.value.constant in (-1, 1)
    if one_hot is None or not plain or not _takes(one_hot, value) or one_hot.name.rpartition(".")[2] != "one_hot":
        return "an index has no gradient"
    if len(one_hot.arguments) != 2 or value.arguments[0].value.precise_dtype not in ("", "float32"):
        return "the one-hot vectors may not have the dtype and shape of the scores"
    return one_hot
