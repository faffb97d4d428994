"""Which line of the text after is which line of the text before."""

from __future__ import annotations

import ast
import difflib
from collections import Counter


class LineMap:
    """Relates the lines of two texts: the same line, a line of the same changed stretch, or a new one."""

    def __init__(self, before: str, after: str) -> None:
        old = [line.strip() for line in before.splitlines()]
        new = [line.strip() for line in after.splitlines()]
        self._same: dict[int, int] = {}
        self._stretch: dict[int, range] = {}
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
            for number, line in enumerate(range(new_start, new_end)):
                if tag == "equal":
                    self._same[line + 1] = old_start + number + 1
                elif tag == "replace":
                    self._stretch[line + 1] = range(old_start + 1, old_end + 1)
        self._moved(old, new)

    def _moved(self, old: list[str], new: list[str]) -> None:
        """Relate lines that stand elsewhere now, when their text is there just once."""
        once = Counter(old)
        where = {text: number + 1 for number, text in enumerate(old) if text and once[text] == 1}
        taken = set(self._same.values())
        for number, text in enumerate(new):
            line = number + 1
            if line not in self._same and text in where and where[text] not in taken:
                self._same[line] = where[text]

    def related(self, before: int | None, after: int | None) -> int:
        """Return 2 for the same line, 1 for lines of the same changed stretch, 0 for unrelated ones."""
        if before is None or after is None:
            return 0
        if after in self._same:
            return 2 if self._same[after] == before else 0
        return 1 if before in self._stretch.get(after, ()) else 0

    def before(self, after: int) -> int | None:
        """Return the line before that a line after is, if it is one."""
        return self._same.get(after)

    def new(self, after: int) -> bool:
        """Whether a line has no counterpart at all."""
        return after not in self._same and after not in self._stretch


STOPS = frozenset({"stop_gradient", "custom_gradient", "recompute_grad", "stop_recording", "no_gradient", "NoGradient"})


def count_stops(text: str) -> int:
    """Return how often a text names a way to hide something from a tape."""
    return sum(
        (isinstance(node, ast.Attribute) and node.attr in STOPS) or (isinstance(node, ast.Name) and node.id in STOPS)
        for node in _walk(text)
    )


def new_prints(before: str, after: str) -> list[int]:
    """Return the lines of the print calls that a text has more of than the other."""
    spare = sum(_prints(node) for node in _walk(before))
    calls = sorted(node.lineno for node in _walk(after) if _prints(node) and isinstance(node, ast.Call))
    if len(calls) <= spare:
        return []
    known = Counter(ast.unparse(node) for node in _walk(before) if _prints(node))
    extra: list[int] = []
    for node in _walk(after):
        if _prints(node) and isinstance(node, ast.Call):
            text = ast.unparse(node)
            if known[text]:
                known[text] -= 1
            else:
                extra.append(node.lineno)
    return sorted(extra)[: len(calls) - spare] if len(extra) > len(calls) - spare else sorted(extra)


def _prints(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )
    return name in ("print", "pprint")


def _walk(text: str) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
