"""What is still true of a text after it was edited: which lines are the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import SequenceMatcher

from tapefix.finding import Finding, Range
from tapefix.source.lines import Lines


class KeptLines:
    """The lines of one text that stand unchanged in another."""

    def __init__(self, before: Lines, after: Lines) -> None:
        self._moved: dict[int, int] = {}
        old, new = _lines(before), _lines(after)
        head = 0
        while head < len(old) and head < len(new) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        # What two edits enclose may be the same as well.
        middle = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
        blocks = [(0, 0, head), (len(old) - tail, len(new) - tail, tail)]
        blocks += [(head + start, head + target, size) for start, target, size in middle.get_matching_blocks()]
        for start, target, size in blocks:
            for index in range(size):
                self._moved[start + index + 1] = target + index + 1

    def line(self, line: int) -> int | None:
        """Where a line stands now; None when it is not there any more."""
        return self._moved.get(line)

    def range(self, place: Range) -> Range | None:
        """Where a range stands now; None when a line of it has changed."""
        first = self.line(place.line)
        if first is None:
            return None
        shift = first - place.line
        if any(self.line(line) != line + shift for line in range(place.line, place.end_line + 1)):
            return None
        return replace(place, line=first, end_line=place.end_line + shift)

    def findings(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings whose lines still stand, without the rewrites: these were made for another text."""
        kept = []
        for finding in findings:
            place = self.range(finding.range)
            if place is None:
                continue
            related = [(self.range(other.range), other) for other in finding.related]
            kept.append(
                replace(
                    finding,
                    range=place,
                    rewrite=None,
                    alternatives=(),
                    queries=self._lines(finding.queries),
                    keeps=self._lines(finding.keeps),
                    tapes=self._lines(finding.tapes),
                    related=tuple(replace(other, range=where) for where, other in related if where is not None),
                )
            )
        return kept

    def _lines(self, lines: Iterable[int]) -> frozenset[int]:
        moved = (self.line(line) for line in lines)
        return frozenset(line for line in moved if line is not None)


def _lines(lines: Lines) -> list[str]:
    return [lines.line(number) for number in range(1, lines.count + 1)]
