"""The edits that lead from one text to another, no larger than they must be."""

from __future__ import annotations

from difflib import SequenceMatcher

from tapefix.source.edits import Edit
from tapefix.source.lines import Lines


def edits_between(before: str, after: str) -> list[Edit]:
    """Edits of `before` that make `after` of it: whole lines where lines come or go, and what differs within others."""
    old, new = Lines(before), Lines(after)
    found = []
    matcher = SequenceMatcher(None, _pieces(old), _pieces(new), autojunk=False)
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag == "equal":
            continue
        if last - first == end - start:
            # Line for line, so that each edit stays within its line.
            pairs = [
                (first + index, first + index + 1, start + index, start + index + 1) for index in range(last - first)
            ]
        else:
            pairs = [(first, last, start, end)]
        for lines in pairs:
            edit = _narrowed(before, _offset(old, lines[0]), _offset(old, lines[1]), _text(new, lines[2], lines[3]))
            if edit is not None:
                found.append(edit)
    return found


def _narrowed(text: str, start: int, end: int, replacement: str) -> Edit | None:
    """The replacement without what both sides have in common at their ends; None when that is everything."""
    old = text[start:end]
    shorter = min(len(old), len(replacement))
    head = 0
    while head < shorter and old[head] == replacement[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == replacement[-1 - tail]:
        tail += 1
    # No client has a position between CR and LF.
    if head and old[head - 1] == "\r" and "\n" in (old[head : head + 1], replacement[head : head + 1]):
        head -= 1
    if tail and old[len(old) - tail] == "\n" and "\r" in (old[-tail - 1 : -tail], replacement[-tail - 1 : -tail]):
        tail -= 1
    if head == len(old) == len(replacement):
        return None
    return Edit(start + head, end - tail, replacement[head : len(replacement) - tail])


def _pieces(lines: Lines) -> list[str]:
    return [_text(lines, index, index + 1) for index in range(lines.count)]


def _text(lines: Lines, first: int, last: int) -> str:
    return lines.text[_offset(lines, first) : _offset(lines, last)]


def _offset(lines: Lines, index: int) -> int:
    return lines.starts[index] if index < lines.count else len(lines.text)
