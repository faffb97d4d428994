"""The places that a finding is about: the queries that it costs a gradient, their tapes and sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from tapefix.finding import Finding, Related
from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import Query

MOST_QUERIES = 3
"""A helper may be called for any number of queries; the first ones show what is meant."""


def with_related(reading: Reading, finding: Finding) -> Finding:
    """A finding with its tapes, and with related places where the rule that found it has named none.

    They are those of the queries whose gradient it costs, or that it keeps as they are where it costs none.
    """
    lines = finding.queries or finding.keeps
    if not lines:
        return finding
    concerned: dict[cst.CSTNode, Query] = {}
    for query in reading.queries:
        if query.node not in concerned and reading.line(query.node) in lines:
            concerned[query.node] = query
    tapes = frozenset(reading.line(query.tape.node) for query in concerned.values())
    if finding.related:
        return replace(finding, tapes=tapes)
    places: dict[object, Related] = {}
    for query in list(concerned.values())[:MOST_QUERIES]:
        for place in _places(reading, query):
            # The place of the finding itself says nothing more.
            if place.range != finding.range:
                places.setdefault(place.range, place)
    return replace(finding, related=tuple(places.values()), tapes=tapes)


def _places(reading: Reading, query: Query) -> Iterator[Related]:
    tape = reading.code(query.tape.node)
    yield Related(reading.range(query.tape.node), f"the tape: `{_short(tape)}`")
    asked = [source for source in query.sources if len(query.sources) == 1 or source.node is not query.sources_node]
    for source in asked[:MOST_QUERIES]:
        made = source.value.node
        if made is not None and made is not source.node:
            yield Related(reading.range(made), f"the source `{_short(reading.code(source.node))}` comes from here")
    wanted = f"d {_short(reading.code(query.target_node))} / d {_short(reading.code(query.sources_node))}"
    yield Related(reading.range(query.node), f"the query: {wanted}")


def _short(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 60 else line[:59] + "…"
