"""Programs: what is read as one text. A document is one; the cells of a notebook are one together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from tapefix.codemod import Codemod
from tapefix.editor.documents import Document
from tapefix.editor.positions import Units, offset_of, range_of
from tapefix.finding import Range
from tapefix.source.differing import edits_between
from tapefix.source.edits import Edit, ordered_edits
from tapefix.source.lines import Lines

LANGUAGES = ("python",)
"""What clients call Python."""


@dataclass(frozen=True, eq=False)
class Part:
    """One open document of a program, as it was when the program was taken."""

    uri: str
    version: int | None
    lines: Lines
    units: Units

    def range(self, place: Range) -> types.Range:
        """A range of the part as the client counts."""
        return self.between(*(self.lines.starts[line - 1] + column for line, column in _ends(place)))

    def between(self, start: int, end: int) -> types.Range:
        """The client's range between two offsets."""
        return range_of(self.lines, start, end, self.units)

    def edits(self, edits: Iterable[Edit]) -> list[types.TextEdit]:
        """Edits of the part as the client takes them."""
        return [types.TextEdit(self.between(e.start, e.end), e.replacement) for e in ordered_edits(edits)]

    def offset(self, position: types.Position) -> int:
        """The offset of a position of the client."""
        return offset_of(self.lines, position, self.units)


@dataclass(frozen=True, eq=False)
class Program:
    """A text that is read as a whole, and where it stands in the client. Each change makes another."""

    uri: str
    path: Path | None
    """Where it is, or will be saved; None for what has no file yet."""
    text: str
    parts: tuple[Part, ...]

    @property
    def cells(self) -> tuple[str, ...] | None:
        """Of a notebook: the texts that its program is made of."""
        return None

    @property
    def readable(self) -> bool:
        """Whether each part is Python by itself, as far as that has to be known beforehand."""
        return True

    @cached_property
    def lines(self) -> Lines:
        """The line table."""
        return Lines(self.text)

    def part(self, uri: str) -> Part | None:
        """The part that is the document of this name."""
        return next((part for part in self.parts if part.uri == uri), None)

    def place(self, where: Range) -> tuple[Part, Range] | None:
        """Where a range stands: a part, and the range in it; None when it is not in one part."""
        return self.parts[0], where

    def number(self, part: Part) -> int:
        """What a part is called in a notebook: the number of its cell."""
        return self.parts.index(part) + 1

    def offset(self, part: Part, offset: int) -> int:
        """The offset in the text of an offset in a part."""
        return offset

    def line(self, part: Part, line: int) -> int:
        """The line of the text that a line of a part is."""
        return line

    def edits(self, edits: Iterable[Edit]) -> Mapping[Part, Sequence[Edit]] | None:
        """Edits of the text as edits of its parts; None when the parts cannot take them."""
        return {self.parts[0]: tuple(edits)}

    def changes(self, after: str) -> Mapping[Part, Sequence[Edit]] | None:
        """The edits of its parts that make `after` of the text; None when the parts cannot take them."""
        return {self.parts[0]: edits_between(self.text, after)}

    def span(self, part: Part) -> tuple[int, int] | None:
        """The first and the last line that a part has in the text; None where it is all of it."""
        if len(self.parts) == 1:
            return None
        return self.line(part, 1), self.line(part, part.lines.count)

    def touched(self, text: str, edits: Iterable[Edit]) -> frozenset[Part]:
        """The parts that edits of a later text of the program change; all, when they cannot take them."""
        return frozenset(self.parts)

    def fenced(self, rules: Sequence[type[Codemod]]) -> tuple[type[Codemod], ...]:
        """Rules that propose only what the parts can take."""
        return tuple(rules)

    def told(self, line: int) -> str:
        """What a message about a line begins with, where its place alone says too little."""
        return ""

    def location(self, place: Range) -> types.Location | None:
        """A range as the client names it."""
        found = self.place(place)
        return None if found is None else types.Location(found[0].uri, found[0].range(found[1]))


def program_of(document: Document) -> Program:
    """A document as a program of its own."""
    return Program(document.uri, file_path(document.uri), document.source, (part_of(document),))


def part_of(document: Document) -> Part:
    """A document as a part of a program."""
    return Part(document.uri, document.version, document.table, document.units)


def file_path(uri: str) -> Path | None:
    """The file that a URI names; None when it names none."""
    path = to_fs_path(uri)
    return Path(path) if path else None


def _ends(place: Range) -> tuple[tuple[int, int], tuple[int, int]]:
    return (place.line, place.column), (place.end_line, place.end_column)
