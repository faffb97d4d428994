"""Queries that ask the wrong tape: one that has not recorded the target, or is used up, beside one that fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from tapefix.tapes.flow.flow import Answer
from tapefix.tapes.flow.reader import read_flow
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.lifetime import reuses
from tapefix.tapes.tape import Query, Tape
from tapefix.tapes.values import Frame, Kind, Operation

_STEPS = (Step.TENSOR, Step.MODEL, Step.OUT)


@dataclass(frozen=True)
class Place:
    """Where the tape of a query is named: in the query, or in the call that hands it to the function that asks."""

    node: cst.BaseExpression
    frame: Frame
    names: dict[str, Tape]
    """The tapes in sight there."""


@dataclass(frozen=True)
class Misdirection:
    """A query, and the tape that it should ask."""

    query: Query
    place: Place
    right: Tape
    name: str | None
    """By which name the right tape is in sight; `None` when its name stands for the wrong one by then."""
    earlier: Query | None = None
    """What has used up the wrong tape, where that is all that is wrong with it."""

    @property
    def twin(self) -> bool:
        """Whether both tapes recorded the same, and the wrong one is used up."""
        return self.earlier is not None


def misdirections(reading: Reading) -> list[Misdirection]:
    """Every query for which exactly one other tape of the same function has what it asks for."""
    places = {query: _place(reading, query) for query in reading.queries}
    found: list[Misdirection] = []
    for query, place in places.items():
        wrong = _elsewhere(reading, query, place)
        if wrong is not None:
            found.append(wrong)
    known = {wrong.query.tape for wrong in found} | {wrong.right for wrong in found}
    for reuse in reuses(reading):
        if reuse.tape not in known and not reuse.repeated and len(reuse.tape.queries) == 2:
            found += _twin(reading, *reuse.pairs[0], places)
    return _agreed(found, places)


def _agreed(found: Sequence[Misdirection], places: dict[Query, Place]) -> list[Misdirection]:
    """Those of which every execution of the same text says the same."""
    by_query = {wrong.query: wrong for wrong in found}
    executions: dict[cst.CSTNode, list[Query]] = {}
    for query, place in places.items():
        executions.setdefault(place.node, []).append(query)

    def answers(node: cst.CSTNode) -> set[tuple[str | None, cst.Call | None, bool]]:
        wrongs = [by_query.get(other) for other in executions[node]]
        return {(w.name, w.right.node, w.twin) if w is not None else (None, None, False) for w in wrongs}

    return [wrong for wrong in found if len(answers(wrong.place.node)) == 1]


def _place(reading: Reading, query: Query) -> Place:
    """Where the tape is named, before any function gets it as an argument."""
    assert isinstance(query.node.func, cst.Attribute)
    node, frame = query.node.func.value, query.frame
    while frame.caller is not None and isinstance(frame.call, cst.Call) and _is_parameter(node, frame):
        given = [
            argument.value
            for argument in frame.call.args
            if any(value.kind is Kind.TAPE and value.tape is query.tape for value in reading.values(argument.value))
        ]
        if len(given) != 1:
            break
        node, frame = given[0], frame.caller
    return Place(node, frame, query.in_sight.get(frame, {}))


def _is_parameter(node: cst.BaseExpression, frame: Frame) -> bool:
    if not isinstance(node, cst.Name) or not isinstance(frame.node, (cst.FunctionDef, cst.Lambda)):
        return False
    parameters = frame.node.params
    every = (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
    return any(parameter.name.value == node.value for parameter in every)


def _elsewhere(reading: Reading, query: Query, place: Place) -> Misdirection | None:
    """The tape that recorded the way to the target, where the one that is asked certainly did not."""
    if query.tape.escaped or query.unconnected_zero or not query.sources or query.inside:
        return None
    if reading.expects_nothing(query) or any(
        reading.flow(query, source).connected is not Answer.NO for source in query.sources
    ):
        return None
    named = {tape: name for name, tape in place.names.items() if _closed(tape, query)}
    hidden = [tape for tape in reading.tapes if _rebound(reading, query, place, tape) and _closed(tape, query)]
    for test in (_holds_all, _holds_some):
        if test(query.tape, query):
            return None
        fitting = [tape for tape in named if test(tape, query)] or [tape for tape in hidden if test(tape, query)]
        if len(fitting) == 1:
            return Misdirection(query, place, fitting[0], named.get(fitting[0]))
        if fitting:
            return None
    return None


def _closed(tape: Tape, query: Query) -> bool:
    """Whether it is another tape, and has ended recording when the query comes."""
    region = tape.region
    if tape is query.tape or tape.node is query.tape.node or tape.escaped or region is None or region.left is None:
        return False
    return region.left <= query.time


def _holds_all(tape: Tape, query: Query) -> bool:
    """Whether a tape may answer, once the paths stay in TensorFlow."""
    asked = replace(query, tape=tape)
    flows = [read_flow(asked, source, mended=True) for source in query.sources]
    return all(flow.reaches and flow.connected is not Answer.NO for flow in flows)


def _answers(tape: Tape, query: Query) -> bool:
    """Whether a tape may answer as it is."""
    flows = [read_flow(replace(query, tape=tape), source) for source in query.sources]
    return all(flow.connected is not Answer.NO and flow.watched is not Answer.NO and not flow.late for flow in flows)


def _holds_some(tape: Tape, query: Query) -> bool:
    """Whether a tape recorded a step of a path."""
    return any(
        tape in value.tapes and value.operation is not Operation.PARAMETER and step_of(value) in _STEPS
        for source in query.sources
        for value in read_flow(replace(query, tape=tape), source, mended=True, taped=True).path
        if value is not source.value
    )


def _rebound(reading: Reading, query: Query, place: Place, tape: Tape) -> bool:
    """Whether the name of a tape stands for the one that is asked since that was entered."""
    first, second = tape.region, query.tape.region
    if not isinstance(place.node, cst.Name) or first is None or second is None or first.frame is not second.frame:
        return False
    if first.frame is not place.frame or first.entered > second.entered:
        return False
    if any(gone.tape is tape for gone in reading.execution.deletions):
        return False
    items = (first.item, second.item)
    return all(item is not None and _as(item) == place.node.value for item in items)


def _as(item: cst.WithItem) -> str:
    named = item.asname.name if item.asname is not None else None
    return named.value if isinstance(named, cst.Name) else ""


def _twin(reading: Reading, earlier: Query, later: Query, places: dict[Query, Place]) -> list[Misdirection]:
    """Two queries of a tape that lasts for one, beside another that nobody asks."""
    both = (earlier, later)
    found = {
        tape: name
        for name, tape in places[later].names.items()
        if not tape.queries and _closed(tape, later) and all(_answers(tape, query) for query in both)
    }
    if len(found) != 1:
        return []
    right, name = next(iter(found.items()))
    wrong = max(both, key=lambda query: (_kinship(reading, query, name), query is later))
    if places[wrong].names.get(name) is not right:
        return []
    return [Misdirection(wrong, places[wrong], right, name, earlier if wrong is later else later)]


def _kinship(reading: Reading, query: Query, name: str) -> int:
    """How many words of a tape's name the query has in common with it: `gen_tape` goes with `generator`."""
    words = [word for word in name.lower().split("_") if word and "tape" not in word]
    code = f"{reading.code(query.target_node)} {reading.code(query.sources_node)}".lower()
    return sum(bool(re.search(rf"(?<![a-z]){re.escape(word)}", code)) for word in words)
