"""Sources that a tape does not watch, and the place where it should."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from tapefix.tapes.flow import Answer, Flow
from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import Query, Region, Source, Tape
from tapefix.tapes.values import Kind, Operation, Value


@dataclass
class Unwatched:
    """A source of a query that its tape neither watches nor tracks, in one execution."""

    flow: Flow
    query: Query
    source: Source
    tape: Tape
    region: Region

    @property
    def value(self) -> Value:
        """The value asked for."""
        return self.source.value


@dataclass
class WatchPlan:
    """One `watch` call to write: a tape's `with` statement, and the names to watch there."""

    holder: cst.With
    tape_name: str
    names: list[str] = field(default_factory=list)
    unwatched: list[Unwatched] = field(default_factory=list)


def unwatched(reading: Reading) -> list[Unwatched]:
    """Every source that is certainly not watched though the target is made of it.

    Left out are sources whose path would be cut even so, by an operation without a gradient.
    """
    found = []
    for flow in reading.flows():
        query, tape = flow.query, flow.query.tape
        region = tape.region
        if region is None or tape.escaped or query.unconnected_zero:
            continue
        if flow.watched is not Answer.NO or not flow.reaches:
            continue
        if not reading.mendable(query, flow.source):
            continue
        found.append(Unwatched(flow, query, flow.source, tape, region))
    return found


def bound_before(reading: Reading, region: Region, source: Source) -> str | None:
    """The expression by which the source can be named on entering the region; `None` when it cannot.

    A name, or an attribute of one such as `self.x`, that already holds the source when the tape begins to record, and
    still is the same object.
    """
    node = source.node
    if not isinstance(node, (cst.Name, cst.Attribute)) or source.value.time > region.entered:
        return None
    code = reading.code(node)
    return code if all(part.isidentifier() for part in code.split(".")) else None


def tape_name(region: Region) -> str | None:
    """The name that the `with` statement (or an assignment before it) gives the tape."""
    item = region.item
    if item is None:
        return None
    if item.asname is not None and isinstance(item.asname.name, cst.Name):
        return item.asname.name.value
    return item.item.value if item.asname is None and isinstance(item.item, cst.Name) else None


def is_tensor_source(value: Value) -> bool:
    """Whether the source is a tensor for certain: made by TensorFlow, annotated as one, or an element of a dataset."""
    if value.kind is not Kind.TENSOR:
        return False
    return value.operation is not Operation.JOIN or all(i.kind is Kind.TENSOR for i in value.inputs)
