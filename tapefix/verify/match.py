"""Which (target, source) pair of one run is which of another, also when queries were merged, split or moved."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from tapefix.verify.closeness import same_value
from tapefix.verify.evidence import Evidence, Pair, Query, Value
from tapefix.verify.lines import LineMap


@dataclass(frozen=True)
class Match:
    """A pair of the run before, and its counterpart after; None when there is none."""

    before: Pair
    after: Pair | None
    part: bool = False
    """Whether what was asked for before is a part of what is asked for after, and that part is taken of the answer."""


@dataclass
class Matcher:
    """Matches the pairs of two runs in order.

    `strict` demands equal values all along. Otherwise values may differ once a repaired gradient was handed to the
    script, since what it computes from then on is another thing.
    """

    before: Evidence
    after: Evidence
    lines: LineMap
    strict: bool = False
    free: Callable[[Query], bool] = lambda query: False
    """Which queries of the run before may ask for targets of other values after."""

    def matches(self) -> list[Match]:
        """Return a match for each pair of the run before."""
        rows = [*self.after.pairs()]
        rows += [row for pair in rows for row in jacobian_rows(pair)]
        used: set[int] = set()
        learned: dict[tuple[str, int], tuple[str, int]] = {}
        diverged: int | None = None
        found: list[Match] = []
        for pair in self.before.pairs():
            best, score = None, 0.0
            for number, candidate in enumerate(rows):
                loose = not self.strict and diverged is not None and candidate.query.order > diverged
                points = self._score(pair, candidate, loose=loose)
                if points is None:
                    continue
                if learned.get(pair.channel) == candidate.channel:
                    points += 8
                if number in used:
                    points -= 6
                if points > score:
                    best, score = number, points
            if best is None or self._taken_from_another(pair, rows[best], rows):
                found.append(Match(pair, None))
                continue
            chosen = rows[best]
            used.add(best)
            learned.setdefault(pair.channel, chosen.channel)
            if pair.broken and not chosen.broken and diverged is None:
                diverged = chosen.query.order
            found.append(Match(pair, chosen, self._is_part(pair, chosen)))
        return found

    def _taken_from_another(self, pair: Pair, chosen: Pair, rows: list[Pair]) -> bool:
        """Whether a pair fits only one that is another query's, by its line, while its own line still asks too.

        Two queries may well have equal numbers; the one that was made wrong must not hide behind the other.
        """
        line, other = pair.query.line, chosen.query.line
        if self.lines.related(line, other) or pair.query.method != chosen.query.method:
            return False
        belongs = any(self.lines.related(query.line, other) == 2 for query in self.before.queries)
        return belongs and any(
            self.lines.related(line, row.query.line) == 2 and row.query.occurrence == pair.query.occurrence
            for row in rows
        )

    def _is_part(self, pair: Pair, other: Pair) -> bool:
        """Whether the source before was a part of the source after, and the script takes just that of the answer."""
        if not pair.broken or not other.taken <= self._wanted:
            return False
        if pair.query.symbolic and other.query.symbolic:
            # A graph shows no numbers: the eager run decides.
            same = pair.query.target_text == other.query.target_text and pair.query.method == other.query.method
            other_shape = same_value(pair.source, other.source) is False
            gone = pair.label not in other.query.labels
            return same and other_shape and gone and bool(self.lines.related(pair.query.line, other.query.line))
        return any(
            origin["places"] in other.taken and same_value(origin["root"], other.source) for origin in pair.origins
        )

    @cached_property
    def _wanted(self) -> frozenset[str]:
        """The positions of what was asked for in vain."""
        return frozenset(origin["places"] for pair in self.before.pairs() for origin in pair.origins)

    def _score(self, pair: Pair, other: Pair, *, loose: bool) -> float | None:
        """Return how well two pairs fit; None when they cannot be the same."""
        query, candidate = pair.query, other.query
        if query.method != candidate.method or not _same_weights(query, candidate):
            return None
        source = same_value(pair.source, other.source)
        target = same_targets(query.targets, candidate.targets)
        if source is False and self._is_part(pair, other):
            # In a graph only the shapes tell, and they must not win against a source of the same shape.
            source = None if query.symbolic else True
        if target is False and self.free(query):
            target = None
        if not loose and (source is False or target is False):
            return None
        points = 0.0
        points += 6 if source else 0
        points += 4 if target else 0
        points += 2 * self.lines.related(query.line, candidate.line)
        points += 3 if pair.label == other.label else 0
        points += 2 if query.target_text == candidate.target_text else 0
        points += 3 if query.occurrence == candidate.occurrence else 0
        points += 1 if pair.index == other.index else 0
        points += 1 if query.function == candidate.function else 0
        # Unknown values need something else that speaks for them.
        if source is None and target is None and points < 6:
            return None
        return points


def _same_weights(query: Query, candidate: Query) -> bool:
    """Whether two queries weigh their targets alike, as far as that is known."""
    if len(query.weights) != len(candidate.weights):
        return False
    return all(same_value(one, other) is not False for one, other in zip(query.weights, candidate.weights, strict=True))


def jacobian_rows(pair: Pair) -> Iterator[Pair]:
    """Yield the rows of a jacobian as the queries that a loop over its target's elements would have made."""
    query, answer = pair.query, pair.answer
    target = query.targets[0] if len(query.targets) == 1 else {}
    numbers, entries = target.get("values"), answer.get("values")
    if query.method != "jacobian" or numbers is None or entries is None or len(target["shape"]) != 1 or not numbers:
        return
    size = len(entries) // len(numbers)
    for row, number in enumerate(numbers):
        values = entries[row * size : (row + 1) * size]
        scalar = {**target, "shape": [], "values": [number], "norm": abs(number)}
        gradient = {
            **answer,
            "shape": pair.source.get("shape"),
            "values": values,
            "norm": math.sqrt(sum(value * value for value in values)),
        }
        answers = tuple(gradient if index == pair.index else {} for index in range(len(query.answers)))
        yield Pair(replace(query, method="gradient", targets=(scalar,), answers=answers, occurrence=row), pair.index)


def same_targets(before: tuple[Value, ...], after: tuple[Value, ...]) -> bool | None:
    """Whether the targets of two queries are equal; None when that cannot be known."""
    if len(before) != len(after):
        return False
    answers = [same_value(one, other) for one, other in zip(before, after, strict=True)]
    if False in answers:
        return False
    return None if None in answers else True
