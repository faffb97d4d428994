"""What is hidden from a tape on purpose, where nothing else leads from the source to the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.flow.flow import Answer, Flow, any_of
from tapefix.tapes.flow.reader import FlowReader, read_flow
from tapefix.tapes.flow.stops import Stop, stop_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import Pause
from tapefix.tapes.values import Value
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.unwrapping import unwrap
from tapefix.tapes.writing.written import alone


class _Unstopped(FlowReader):
    """The flow as it would be without `tf.stop_gradient`; with `unpaused`, without `stop_recording` either."""

    def __init__(self, flow: Flow, *, taped: bool = False, unpaused: bool = False) -> None:
        super().__init__(flow.query, flow.source, taped=taped)
        self.unpaused = unpaused

    def _followed(self, value: Value) -> Answer:
        if stop_of(value) is Stop.STOPPED:
            return any_of(self.flow.followed[i] for i in value.inputs) if self._records(value) else Answer.NO
        return super()._followed(value)

    def _records(self, value: Value) -> bool:
        return super()._records(value) or (self.unpaused and any(p.covers(value.time) for p in self.tape.pauses))


@dataclass
class Hidden:
    """One call of `tf.stop_gradient`, or one block under `tape.stop_recording()`, that cuts the only path."""

    node: cst.Call
    block: cst.With | None
    """The block, for `stop_recording`."""
    queries: set[int] = field(default_factory=set)
    """Lines of the queries that lose a gradient by it."""
    obstacle: str = ""
    """Why it cannot be taken away."""

    def rewrite(self, reading: Reading, title: str) -> Rewrite | None:
        """The code without it."""
        if self.obstacle:
            return None
        draft = Draft(reading)
        if self.block is None:
            alone(reading, self.node, self.node.args[0].value).write(draft, self.node)
        else:
            unwrap(draft, self.block)
        return draft.rewrite(title) if draft.edits else None


class HiddenPlan:
    """All that is hidden from tapes in a module, on paths whose gradient is missing for certain because of it."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._found: dict[cst.CSTNode, Hidden] = {}
        lost: set[int] = set()
        for flow in reading.flows():
            missing = flow.reaches and flow.connected is Answer.NO
            if missing and (self._stopped(flow) or self._paused(flow)):
                lost.add(id(flow))
        if self._found:
            self._hold(lost)

    def __iter__(self) -> Iterator[Hidden]:
        """What was found, in the order of the text."""
        return iter(sorted(self._found.values(), key=lambda hidden: self.reading.span(hidden.node)))

    def _stopped(self, flow: Flow) -> bool:
        taped = read_flow(flow.query, flow.source, taped=True)
        if taped.connected is not Answer.NO:
            return False
        breaks = [value for value in taped.breaks() if stop_of(value) is Stop.STOPPED]
        if not breaks or _Unstopped(flow, taped=True).read().connected is Answer.NO:
            return False
        for value in breaks:
            if isinstance(value.node, cst.Call):
                hidden = self._found.setdefault(value.node, Hidden(value.node, None))
                hidden.queries.add(self.reading.line(flow.query.node))
                if len(value.node.args) != 1 or value.node.args[0].star:
                    hidden.obstacle = "it is called with more than what it stops"
        return True

    def _paused(self, flow: Flow) -> bool:
        whole = _Unstopped(flow, unpaused=True).read()
        if whole.connected is Answer.NO or _Unstopped(flow).read().connected is not Answer.NO:
            return False
        for pause in flow.query.tape.pauses:
            if any(pause.covers(value.time) for value in whole.live) and isinstance(pause.item.item, cst.Call):
                hidden = self._found.setdefault(pause.item, Hidden(pause.item.item, pause.node))
                hidden.queries.add(self.reading.line(flow.query.node))
                if len(pause.node.items) > 1:
                    hidden.obstacle = "the block belongs to something else, too"
        return True

    def _hold(self, lost: set[int]) -> None:
        """What another gradient goes past on purpose stays as it is."""
        for flow in self.reading.flows():
            if id(flow) in lost or not flow.reaches or flow.missing:
                continue
            for hidden in self._found.values():
                if not hidden.obstacle and any(self._counts(hidden, flow, value) for value in flow.path):
                    name, line = self.reading.code(flow.source.node), self.reading.line(flow.query.node)
                    hidden.obstacle = (
                        f"the gradient with respect to `{name}` at line {line} does not count it, and would change"
                    )

    def _counts(self, hidden: Hidden, flow: Flow, value: Value) -> bool:
        """Whether a value on a path would be followed without it."""
        if hidden.block is None:
            return value.node is hidden.node
        pauses: list[Pause] = [pause for pause in flow.query.tape.pauses if pause.node is hidden.block]
        return any(pause.covers(value.time) for pause in pauses)
