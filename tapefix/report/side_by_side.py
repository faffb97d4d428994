"""Two texts beside each other: the rows of a diff, with the words that changed."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from tapefix.report.diff import changed_words, partners
from tapefix.report.lines import visible
from tapefix.source.diffs import split_lines

CONTEXT = 3

Side = list[Any]
"""The number of a line, its text, and where words of it differ: start, end, start, end, …"""
Row = list[Side | None]
"""Left and right; both None where lines are left out."""


def rows(before: str, after: str) -> list[Row]:
    """The rows of a diff, those that are the same left out but for a few around the others."""
    old, new = ([visible(line.rstrip("\n")) for line in split_lines(text)] for text in (before, after))
    found: list[Row] = []
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT)
    for number, group in enumerate(groups):
        if number or group[0][1]:
            found.append([None, None])
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                found += ([[i + n + 1, old[i + n]], [j + n + 1, new[j + n]]] for n in range(i_end - i))
            else:
                left = [(i + n + 1, line) for n, line in enumerate(old[i:i_end])]
                right = [(j + n + 1, line) for n, line in enumerate(new[j:j_end])]
                found += _changed(left, right)
    return found


def _changed(left: list[tuple[int, str]], right: list[tuple[int, str]]) -> Iterator[Row]:
    """Lines that go beside the lines that come for them, the most alike in one row."""
    pairs = {old[0]: new for old, new in partners(left, right)}
    waiting = list(right)
    for line in left:
        partner = pairs.get(line[0])
        if partner is None:
            yield [[*line, []], None]
            continue
        while waiting and waiting[0] != partner:
            yield [None, [*waiting.pop(0), []]]
        waiting.pop(0)
        marks = changed_words(line[1], partner[1])
        yield [[*line, _flat(marks[0])], [*partner, _flat(marks[1])]]
    for line in waiting:
        yield [None, [*line, []]]


def _flat(marks: list[tuple[int, int]]) -> list[int]:
    return [offset for mark in marks for offset in mark]
