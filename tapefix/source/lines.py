"""Where lines begin, and how LibCST's positions relate to offsets in the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property

from tapefix.source.nesting import string_spans

_NEWLINE = re.compile(r"\r\n|\r|\n")
# Whitespace up to the last form feed of an indentation: both Python and LibCST count the indentation from there.
_FEED = re.compile(r"(?:(?<=[\r\n])|\A)[ \t\f]*\f(?=[ \t]*[^ \t\f\r\n#])")


class Lines:
    """The line table of a text. Lines count from 1, columns from 0 in code points, offsets from 0.

    LibCST ends lines at CR LF, CR and LF only, unlike `str.splitlines`. It also loses form feeds in front of a
    statement, so the text it is given has none there; `offset` puts back what was taken out.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]

    @property
    def count(self) -> int:
        """Number of lines; a text that ends in a newline ends in an empty line."""
        return len(self.starts)

    @cached_property
    def _feeds(self) -> dict[int, int]:
        """Line number to the number of characters taken out in front of its statement."""
        if "\f" not in self.text:
            return {}
        inside = string_spans(self.text)
        begins = [start for start, _ in inside]
        feeds = {}
        for match in _FEED.finditer(self.text):
            index = bisect_right(begins, match.start()) - 1
            if index < 0 or inside[index][1] <= match.start():
                feeds[self._line_at(match.start())] = match.end() - match.start()
        return feeds

    @property
    def parsed(self) -> str:
        """The text as LibCST is given it."""
        if not self._feeds:
            return self.text
        pieces = []
        position = 0
        for line, length in self._feeds.items():
            start = self.starts[line - 1]
            pieces.append(self.text[position:start])
            position = start + length
        pieces.append(self.text[position:])
        return "".join(pieces)

    def offset(self, line: int, column: int) -> int:
        """The offset of a position that LibCST reported."""
        # LibCST ends a text without a final newline as if it had one.
        if line == len(self.starts) + 1:
            return len(self.text)
        if not 1 <= line <= len(self.starts):
            raise ValueError(f"there is no line {line}")
        return min(self.starts[line - 1] + column + self._feeds.get(line, 0), len(self.text))

    @cached_property
    def unparsed(self) -> Callable[[int], int] | None:
        """From an offset in `parsed` to the one in the text; None where both are the same."""
        if not self._feeds:
            return None
        # Where `parsed` goes on behind each stretch that was taken out, and how much was taken out by then.
        places, taken = [0], [0]
        for line, length in self._feeds.items():
            places.append(self.starts[line - 1] - taken[-1])
            taken.append(taken[-1] + length)

        def place(offset: int) -> int:
            return min(offset + taken[bisect_right(places, offset) - 1], len(self.text))

        return place

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, as a reader counts them."""
        line = self._line_at(offset)
        return line, offset - self.starts[line - 1]

    def line(self, number: int) -> str:
        """One line without its end."""
        start = self.starts[number - 1]
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def _line_at(self, offset: int) -> int:
        return bisect_right(self.starts, offset)
