"""What stands outside the region of a tape though a path leads over it."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.flow.flow import Answer, Flow
from tapefix.tapes.flow.reader import FlowReader, read_flow
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import Query, Region, Source, Tape
from tapefix.tapes.values import Operation, Value

_STEPS = (Step.TENSOR, Step.MODEL, Step.UNKNOWN)


class Side(enum.Enum):
    """Where something stands to a region."""

    BEFORE = "before"
    AFTER = "after"


@dataclass
class Stray:
    """The steps of paths that run outside one region, on one side of it."""

    holder: cst.With
    region: Region
    side: Side
    second_order: bool
    """An answer of a tape is among them."""
    first: Value
    """The first of them at which the tape loses a source."""
    steps: list[tuple[Query, Value]] = field(default_factory=list)
    queries: dict[Query, None] = field(default_factory=dict)
    breaks: dict[Value, None] = field(default_factory=dict)

    def place(self, reading: Reading) -> cst.CSTNode:
        """Where to show it: the expression of the region's frame at which the tape first loses a source."""
        return reading.node_in(self.first, self.region.frame) or self.first.node or next(iter(self.queries)).node

    def lines(self, reading: Reading) -> frozenset[int]:
        """The lines of the queries that lose a gradient by it."""
        return frozenset(reading.line(query.node) for query in self.queries)


def strays(reading: Reading) -> list[Stray]:
    """What runs outside a region, on paths whose gradient is missing for certain because of it."""
    found: dict[tuple[cst.With, Side, bool], Stray] = {}
    for flow in reading.flows():
        query, region = flow.query, flow.query.tape.region
        lost = flow.connected is Answer.NO or reading.partial(flow)
        if not lost or not flow.reaches or query.unconnected_zero or query.tape.escaped:
            continue
        if region is None or region.node is None or region.left is None:
            continue
        for side, breaks, steps in _outside(flow, region):
            if side is Side.BEFORE and any(_earlier_pass(reading, region, value) for value in breaks):
                continue
            second = any(step.operation is Operation.GRADIENT for step in steps)
            first = min(breaks, key=lambda value: value.time)
            stray = found.setdefault((region.node, side, second), Stray(region.node, region, side, second, first))
            stray.steps += [(query, step) for step in steps]
            stray.queries[query] = None
            stray.breaks.update(dict.fromkeys(breaks))
    return list(found.values())


def _earlier_pass(reading: Reading, region: Region, value: Value) -> bool:
    """Whether something ran before the tape only because a loop had come by: it stands in the tape, or behind it."""
    place = reading.node_in(value, region.frame)
    assert region.node is not None
    return place is not None and reading.span(place)[0] > reading.span(region.node)[0]


def _outside(flow: Flow, region: Region) -> Iterator[tuple[Side, list[Value], list[Value]]]:
    """For each side: where the tape loses the source, and all steps that have to come inside."""
    query, source, left = flow.query, flow.source, region.left
    assert left is not None
    # Where only some variables of a model have no gradient, any step outside may be one of theirs.
    partial = flow.connected is not Answer.NO
    broken = flow.path if partial else flow.breaks()
    breaks = [v for v in broken if query.tape not in v.tapes and step_of(v) in _STEPS and v is not source.value]
    after = [value for value in breaks if left < value.time < query.time]
    before = [value for value in breaks if value.time < region.entered]
    if not after and not before:
        return
    mended = read_flow(query, source, mended=True, taped=True)
    if mended.connected is Answer.NO:
        return
    steps: list[Value] = []
    known: set[Value] = set()
    for value in flow.path:
        if value is source.value or mended.followed[value] is Answer.NO or query.tape in value.tapes:
            continue
        step = step_of(value)
        if step in (*_STEPS, Step.OUT) or (step is Step.PASS and any(i in known for i in value.inputs)):
            known.add(value)
            steps.append(value)
    if after:
        yield Side.AFTER, after, [value for value in steps if left < value.time < query.time]
    if before and (partial or _Entered(query, source, region).read().connected is Answer.NO):
        yield Side.BEFORE, before, [value for value in steps if value.time < region.entered]


class _Entered(FlowReader):
    """The flow as it would be if all that runs after the tape began to record were recorded and in TensorFlow."""

    def __init__(self, query: Query, source: Source, region: Region) -> None:
        super().__init__(query, source, mended=True, taped=True)
        self.region = region

    def _followed(self, value: Value) -> Answer:
        before = value.time < self.region.entered and self.tape not in value.tapes
        if before and step_of(value) not in (Step.PASS, Step.NEW):
            return Answer.NO
        return super()._followed(value)


def asked_twice(reading: Reading) -> set[Tape]:
    """Tapes whose further queries are the business of another repair.

    Those that answer outside their region for a second derivative by themselves are kept by what mends that; and a
    query that should ask another tape uses up none.
    """
    found = {tape for wrong in reading.misdirections.values() for tape in (wrong.query.tape, wrong.right)}
    for stray in strays(reading):
        if stray.second_order:
            found |= {query.tape for query, value in stray.steps if value.tape is query.tape}
    return found
