"""Sources asked for beside what the tape watches: an array is named in the query, and its tensor in `watch`.

`tape.watch(x_tensor)` says which of two objects with the same numbers is meant. So the query asks for that one.
"""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.flow.flow import Answer, Flow
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.bindings import Binding
from tapefix.tapes.tape import Query, Source
from tapefix.tapes.values import Kind, Operation, Value
from tapefix.tapes.writing.draft import Draft

_CONVERSIONS = {
    "tensorflow.Variable",
    "tensorflow.cast",
    "tensorflow.constant",
    "tensorflow.convert_to_tensor",
    "tensorflow.identity",
}
_OUTSIDE = (Kind.NDARRAY, Kind.SCALAR)


@dataclass(frozen=True)
class WatchedTwin:
    """A source, and the name of the tensor made of it that the tape watches."""

    query: Query
    source: Source
    name: str

    def written(self, reading: Reading) -> Draft:
        """Ask for what is watched."""
        draft = Draft(reading)
        draft.rewrite_whole(self.source.node, self.name)
        return draft


def watched_twins(reading: Reading) -> dict[Source, WatchedTwin]:
    """The sources whose tensor is watched in their place, where every execution of the query says the same."""
    found: dict[Source, WatchedTwin] = {}
    names: dict[cst.CSTNode, set[str]] = {}
    for query in reading.queries:
        for source in query.sources:
            twin = _twin(reading, query, source)
            name = _name(reading, query, twin, reading.bindings) if twin is not None else ""
            names.setdefault(source.node, set()).add(name)
            if name:
                found[source] = WatchedTwin(query, source, name)
    return {source: twin for source, twin in found.items() if names[source.node] == {twin.name}}


def _twin(reading: Reading, query: Query, source: Source) -> Value | None:
    """The one tensor that the tape watches, when it was made of the source, number by number."""
    flow = reading.flow(query, source)
    if query.unconnected_zero or query.tape.escaped or not _asks_in_vain(flow):
        return None
    if not isinstance(source.node, (cst.Name, cst.Attribute, cst.Subscript)):
        return None
    watched = {v for watch in query.tape.watches if watch.recording and watch.time < query.time for v in watch.values}
    made = [value for value in watched if _made_of(value) is source.value]
    if len(made) != 1 or any(other.value is made[0] for other in query.sources):
        return None
    asked = read_flow(query, Source(made[0], source.node), mended=True)
    return made[0] if asked.reaches and asked.connected is not Answer.NO and not asked.late else None


def _asks_in_vain(flow: Flow) -> bool:
    value = flow.source.value
    return value.kind in _OUTSIDE or (value.kind is Kind.TENSOR and flow.watched is Answer.NO)


def _made_of(value: Value) -> Value | None:
    """What a tensor or variable was made of without a change of shape."""
    if value.operation is not Operation.CALL or value.name not in _CONVERSIONS or not value.arguments:
        return None
    content = value.arguments[0]
    named = content.keyword in (None, "value", "x", "input", "initial_value")
    shaped = value.argument(2, "shape") if value.name == "tensorflow.constant" else None
    return content.value if named and not content.star and shaped is None else None


def _name(reading: Reading, query: Query, twin: Value, everything: list[Binding]) -> str:
    """The name by which the tensor is in sight where the query stands; empty without one for certain."""
    function = reading.function(query.node)
    for binding in everything:
        if twin not in binding.made or not isinstance(binding.target, cst.Name) or binding.value is not twin.node:
            continue
        same = [other for other in everything if other.slots & binding.slots]
        if reading.function(binding.target) is function and len(same) == 1 and isinstance(binding.node, cst.Assign):
            return binding.target.value
    return ""
