"""Queries inside the block of their own persistent tape, which records for nothing how they are answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from tapefix.finding import Rewrite
from tapefix.tapes.flow.flow import ancestors
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.handles import Handles
from tapefix.tapes.tape import Query, Region, Tape
from tapefix.tapes.writing.draft import Draft
from tapefix.tapes.writing.shape import block_of


@dataclass(frozen=True)
class Inside:
    """Queries of the tapes of one `with` statement that may leave it, and what leaves with them."""

    holder: cst.With
    queries: tuple[Query, ...]
    statements: tuple[cst.CSTNode, ...]

    def place(self, reading: Reading) -> cst.CSTNode:
        """The first of the queries, as the function with the tape makes it."""
        first = min(self.queries, key=lambda query: query.time)
        region = first.tape.region
        return (reading.node_in(first, region.frame) if region is not None else None) or first.node

    def moved_out(self, reading: Reading) -> Rewrite:
        """The statements behind the `with` statement."""
        draft = Draft(reading)
        draft.dedent(self.statements, self.holder)
        return draft.rewrite("Ask outside the tape")


def queries_inside(reading: Reading) -> Iterator[Inside]:
    """Queries inside a persistent tape from which on nothing has to be recorded."""
    holders: dict[cst.With, list[tuple[Tape, Region]]] = {}
    for tape in reading.tapes:
        for region in tape.regions:
            if region.node is not None:
                holders.setdefault(region.node, []).append((tape, region))
    handles: Handles | None = None
    for holder, entered in holders.items():
        inside = [query for tape, _ in entered if tape.persistent for query in tape.queries if query.inside]
        if not inside or isinstance(holder.body, cst.SimpleStatementSuite):
            continue
        handles = handles or Handles(reading)
        if all(_plain(reading, handles, holder, tape) for tape, _ in entered):
            leaving = _leaving(reading, holder, inside)
            if leaving and not any(_needs(reading, tape, region, leaving) for tape, region in entered):
                yield Inside(holder, tuple(inside), tuple(leaving))


def _plain(reading: Reading, handles: Handles, holder: cst.With, tape: Tape) -> bool:
    """Whether the `with` statement does nothing but record, once, and every use of the tape is known."""
    tapes = all(any(value.tape is not None for value in reading.values(item.item)) for item in holder.items)
    return tapes and tape.region is not None and not tape.escaped and handles.known(tape)


def _leaving(reading: Reading, holder: cst.With, inside: Sequence[Query]) -> list[cst.CSTNode]:
    """What stands in the block from the first query on; nothing where that is all of it."""
    statements = block_of(reading, holder).statements
    starts: list[int] = []
    for query in inside:
        region = query.tape.region
        node = reading.node_in(query, region.frame) if region is not None else None
        place = _index(reading, node, statements)
        if place is None:
            return []
        starts.append(place)
    return list(statements[min(starts) :]) if min(starts) > 0 else []


def _index(reading: Reading, node: cst.CSTNode | None, statements: Sequence[cst.CSTNode]) -> int | None:
    around = (node, *reading.parents(node)) if node is not None else ()
    return next((index for index, statement in enumerate(statements) if statement in around), None)


def _needs(reading: Reading, tape: Tape, region: Region, leaving: Sequence[cst.CSTNode]) -> bool:
    """Whether a query of the tape is about something that runs in these statements, or they turn to it otherwise."""
    for query in tape.queries:
        for value in ancestors(query.targets):
            recorded = region.entered < value.time < (region.left or value.time) and step_of(value) is not Step.PASS
            if recorded and _index(reading, reading.node_in(value, region.frame), leaving) is not None:
                return True
    calls: list[bool] = []

    class _Turns(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            if isinstance(node.func, cst.Attribute) and node.func.attr.value in ("watch", "stop_recording", "reset"):
                calls.append(True)

    for statement in leaving:
        statement.visit(_Turns())
    return any(calls)
