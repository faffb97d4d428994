"""Queries that asked for the gradient of nothing, an empty list: they answered, and there was no gradient."""

from __future__ import annotations

from tapefix.verify.describe import describe
from tapefix.verify.evidence import Evidence, Query
from tapefix.verify.lines import LineMap
from tapefix.verify.match import same_targets


def asked_for_nothing(before: Evidence, after: Evidence, lines: LineMap) -> list[Query]:
    """Return the queries of the run after that stand where the run before only ever asked for nothing."""
    empty = {query.line for query in before.queries if not query.sources}
    empty -= {query.line for query in before.queries if query.sources}
    return [query for query in after.queries if any(lines.related(line, query.line) == 2 for line in empty)]


def changed_targets(before: Evidence, after: Evidence, lines: LineMap) -> list[str]:
    """Return what is wrong with the first targets of such queries: they must still be the same."""
    found: list[str] = []
    for query in asked_for_nothing(before, after, lines):
        for old in before.queries if query.occurrence == 0 else ():
            asked = old.occurrence == 0 and lines.related(old.line, query.line) == 2
            if asked and same_targets(old.targets, query.targets) is False:
                was, now = describe(old.targets), describe(query.targets)
                found.append(f"the target of the query at line {old.line} has another value: {was} before, {now} after")
    return found
