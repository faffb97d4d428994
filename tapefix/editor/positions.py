"""How a client counts: lines from 0, and characters in the units that were agreed on."""

from __future__ import annotations

from lsprotocol import types

from tapefix.source.lines import Lines

_BEYOND_THE_PLANE = 0x10000


class Units:
    """The unit of a column: UTF-16 code units unless client and server have agreed on another."""

    def __init__(self, encoding: str | None) -> None:
        self._encoding = encoding or types.PositionEncodingKind.Utf16

    def count(self, text: str) -> int:
        """How many units a text takes."""
        if text.isascii() or self._encoding == types.PositionEncodingKind.Utf32:
            return len(text)
        if self._encoding == types.PositionEncodingKind.Utf8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + sum(ord(character) >= _BEYOND_THE_PLANE for character in text)

    def column(self, line: str, units: int) -> int:
        """The column in code points at a number of units; at the line's end where that is beyond it."""
        if line.isascii() or self._encoding == types.PositionEncodingKind.Utf32:
            return min(units, len(line))
        taken = 0
        for column, character in enumerate(line):
            taken += self.count(character)
            # A position inside a character stands before it.
            if taken > units:
                return column
        return len(line)


def offset_of(lines: Lines, position: types.Position, units: Units) -> int:
    """The offset of a position; one that is beyond a line or the text stands at its end, as the protocol has it."""
    if position.line >= lines.count:
        return len(lines.text)
    start = lines.starts[position.line]
    return start + units.column(lines.line(position.line + 1), position.character)


def position_of(lines: Lines, offset: int, units: Units) -> types.Position:
    """The position of an offset."""
    line, column = lines.position(offset)
    start = offset - column
    return types.Position(line - 1, units.count(lines.text[start:offset]))


def range_of(lines: Lines, start: int, end: int, units: Units) -> types.Range:
    """The range between two offsets."""
    return types.Range(position_of(lines, start, units), position_of(lines, end, units))
