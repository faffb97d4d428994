"""How deep a text nests, measured before a recursive parser sees it.

LibCST's parser is native and recursive: a text that nests too deep ends the process. Its trees are walked by recursive
Python code. So the depth is bounded first, by a scan that neither recurses nor needs the text to be valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BRACKETS = 200
"""CPython's own limit: a text beyond it is not Python."""
MAX_BLOCKS = 99
"""CPython's own limit."""
MAX_DEPTH = 1500
"""Operators, calls and brackets around one expression, or branches of one `if`. Far above code that people write."""

STRING = r"""
      (?:\b[rbuftRBUFT]{1,3})?(?:
          \"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:\"{3}|\Z)
        | '{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:'{3}|\Z)
        | "[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"?
        | '[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'?
      )"""
"""A string literal, closed or not, for expressions that are verbose and let a dot match every character."""

_SCAN = re.compile(
    rf"(?P<text>{STRING})"
    r"""
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<reset>[,;])
    | (?P<skip>\#[^\r\n]*|\\(?:\r\n|[\r\n])|\d[\w.]*)
    | (?P<newline>\r\n|[\r\n])
    | (?P<deeper>\*\*|//|<<|>>|->|[<>!]=|[-+*/%@&|^~<>.]|\b(?:if|for|lambda|not|and|or|await)\b)
    """,
    re.VERBOSE | re.DOTALL,
)
_TEXT, _OPEN, _CLOSE, _RESET, _SKIP, _NEWLINE, _DEEPER = range(1, 8)
_ELIF = re.compile(r"(?:(?<=[\r\n])|\A)([ \t\f]*)(?:(elif|else)\b|(?=[^ \t\f\r\n#]))")


@dataclass(frozen=True)
class Nesting:
    """The deepest place of a text."""

    depth: int
    """An upper bound of how deep the tree gets, blocks left out."""
    brackets: int
    line: int
    """Where the deepest place is."""

    @property
    def excessive(self) -> bool:
        """Whether a parser may not be given the text."""
        return self.depth > MAX_DEPTH or self.brackets > MAX_BRACKETS


def measure(text: str) -> Nesting:
    """Measure how deep the expressions and the `elif` chains of a text nest."""
    deepest = brackets = place = 0
    total = 0
    here = 0
    outer: list[int] = []
    for match in _SCAN.finditer(text):
        kind = match.lastindex
        if kind in (_DEEPER, _TEXT):
            here += 1
        elif kind == _OPEN:
            outer.append(here)
            total += here + 1
            here = 0
            if len(outer) > brackets:
                brackets = len(outer)
        elif kind == _CLOSE:
            if outer:
                here = outer.pop()
                total -= here + 1
                # What is called or indexed is one level deeper than what calls it.
                here += 1
        elif kind == _RESET or (kind == _NEWLINE and not outer):
            here = 0
        if total + here > deepest:
            deepest, place = total + here, match.start()
    if text.count("elif") > deepest:
        branches, start = _longest_branching(text)
        if branches > deepest:
            deepest, place = branches, start
    return Nesting(deepest, brackets, len(re.findall(r"\r\n|\r|\n", text[:place])) + 1)


def string_spans(text: str) -> list[tuple[int, int]]:
    """Where string literals are, in order."""
    return [match.span() for match in _SCAN.finditer(text) if match.lastindex == _TEXT]


def comment_spans(text: str) -> list[tuple[int, int]]:
    """Where comments are, in order, without the end of their line."""
    return [match.span() for match in _SCAN.finditer(text) if match.lastindex == _SKIP and match[0][0] == "#"]


def logical_lines(text: str) -> list[int]:
    """The offset at which each statement's text begins: a bracket or a backslash carries it over a line's end."""
    starts = [0]
    depth = 0
    for match in _SCAN.finditer(text):
        kind = match.lastindex
        if kind == _OPEN:
            depth += 1
        elif kind == _CLOSE:
            depth = max(depth - 1, 0)
        elif kind == _NEWLINE and not depth:
            starts.append(match.end())
    return starts


def _longest_branching(text: str) -> tuple[int, int]:
    """The most `elif` that one `if` has, and where the last one is."""
    longest = place = 0
    open_runs: list[tuple[int, int]] = []
    for match in _ELIF.finditer(text):
        indent = len(match[1].expandtabs())
        while open_runs and open_runs[-1][0] > indent:
            open_runs.pop()
        count = open_runs.pop()[1] if open_runs and open_runs[-1][0] == indent else 0
        count = count + 1 if match[2] == "elif" else count if match[2] else 0
        open_runs.append((indent, count))
        if count > longest:
            longest, place = count, match.start()
    return longest, place
