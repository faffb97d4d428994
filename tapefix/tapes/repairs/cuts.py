"""Cuts: the places where a path stays in TensorFlow and yet no gradient comes back.

A cut is one only where no other way leads from the source to the target: the answer is `None`, an error, or zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.flow.flow import Answer, Flow
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.flow.stops import Stop, is_silent, stop_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Kind, Operation, Value


@dataclass
class Cut:
    """One expression that cuts paths, with all its evaluations."""

    node: cst.BaseExpression
    stop: Stop
    values: list[Value] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    """Lines of the queries that lose a gradient by it."""
    held: str = ""
    """Why the path must not be led through it; empty where it may."""

    @property
    def silent(self) -> bool:
        """Whether the answer is zeros and not `None`."""
        return all(is_silent(value) for value in self.values)

    def behind(self, value: Value) -> list[Value]:
        """What one of its values is made into, on the way to the targets, in order of execution."""
        order = {each: None for flow in self.flows for each in flow.order}
        carried = {value}
        found = []
        for each in sorted(order, key=lambda other: other.time):
            if each is not value and any(i in carried for i in each.inputs):
                carried.add(each)
                found.append(each)
        return found

    def users_off_path(self, value: Value) -> list[Value]:
        """What else is made of one of its values: what leads to none of the targets."""
        on_path = {each for flow in self.flows for each in flow.order}
        return [user for user in value.users if user not in on_path and user.operation is not Operation.GRADIENT]


class CutPlan:
    """All cuts of a module on paths whose gradient is missing for certain."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.cuts: dict[cst.CSTNode, Cut] = {}
        lost: set[int] = set()
        for flow in reading.flows():
            if flow.reaches and flow.connected is Answer.NO and self._add(flow):
                lost.add(id(flow))
        if self.cuts:
            self._hold(lost)

    def of(self, *stops: Stop) -> Iterator[Cut]:
        """The cuts of these kinds, in the order of the text."""
        found = [cut for cut in self.cuts.values() if cut.stop in stops]
        yield from sorted(found, key=lambda cut: self.reading.span(cut.node))

    def _add(self, flow: Flow) -> bool:
        beyond = read_flow(flow.query, flow.source, mended=True, taped=True)
        if beyond.connected is not Answer.NO:
            # Where the path leaves TensorFlow, or the tape, is what has to be mended.
            return False
        if any(stop_of(value) is Stop.STOPPED for value in beyond.path):
            # Detached on purpose.
            return False
        places = [(value, stop_of(value)) for value in beyond.breaks()]
        if any(stop is None or value.node is None for value, stop in places):
            # Cut by something else as well.
            return False
        for value, stop in places:
            if stop is None or stop is Stop.CONSTANT or not isinstance(value.node, cst.BaseExpression):
                continue
            cut = self.cuts.setdefault(value.node, Cut(value.node, stop))
            cut.queries.add(self.reading.line(flow.query.node))
            cut.flows.append(beyond)
            if value not in cut.values:
                cut.values.append(value)
        return True

    def _hold(self, lost: set[int]) -> None:
        """What another gradient goes past on purpose stays as it is."""
        for flow in self.reading.flows():
            if id(flow) in lost or not flow.reaches or flow.missing:
                continue
            for value in flow.path:
                # In another call of a helper, too: it is the same text.
                cut = self.cuts.get(value.node) if value.node is not None else None
                if cut is not None:
                    name, line = self.reading.code(flow.source.node), self.reading.line(flow.query.node)
                    cut.held = (
                        f"the gradient with respect to `{name}` at line {line} does not count it, and would change"
                    )


_RESHAPING = {
    "cast", "concat", "expand_dims", "gather", "identity", "reduce_max", "reduce_mean", "reduce_min", "reduce_sum",
    "reshape", "squeeze", "stack", "sum", "mean", "max", "min",
}  # fmt: skip


def only_reshaped(cut: Cut, value: Value) -> bool:
    """Whether nothing is computed of a value but its sum, mean or a part: the target is the value itself."""
    for each in cut.behind(value):
        if each.operation in (Operation.JOIN, Operation.DISPLAY):
            continue
        if each.operation is Operation.SUBSCRIPT and each.inputs[0].is_tensor:
            continue
        known = each.operation is Operation.CALL and each.kind is Kind.TENSOR
        if not known or each.name.rpartition(".")[2] not in _RESHAPING or stop_of(each) is not None:
            return False
    return True
