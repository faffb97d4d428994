"""Programs: what is read as one text. A document is one; the cells of a notebook are one together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lsprotocol import types
from pygls.uris import to_fs_path

from tapefix.editor.documents import Document
from tapefix.editor.positions import Units, offset_of, range_of
from tapefix.finding import Range
from tapefix.source.edits import Edit, ordered_edits
from tapefix.source.lines import Lines


@dataclass(frozen=True, eq=False)
class Part:
    """One open document of a program, as it was when the program was taken."""

    uri: str
    version: int | None
    lines: Lines
    units: Units

    def range(self, start: int, end: int) -> types.Range:
        """The client's range between two offsets."""
        return range_of(self.lines, start, end, self.units)

    def span(self, place: types.Range) -> tuple[int, int]:
        """The offsets of a range of the client."""
        return offset_of(self.lines, place.start, self.units), offset_of(self.lines, place.end, self.units)


@dataclass(frozen=True, eq=False)
class Program:
    """A text that is read as a whole, and where it stands in the client. Each change makes another."""

    uri: str
    path: Path | None
    """Where it is, or will be saved; None for what has no file yet."""
    text: str
    parts: tuple[Part, ...]

    @cached_property
    def lines(self) -> Lines:
        """The line table."""
        return Lines(self.text)

    def part(self, uri: str) -> Part | None:
        """The part that is the document of this name."""
        return next((part for part in self.parts if part.uri == uri), None)

    def place(self, start: int, end: int) -> tuple[Part, int, int] | None:
        """Where a stretch of the text stands: a part, and offsets in it; None when it is not in one part."""
        return self.parts[0], start, end

    def bounds(self, part: Part) -> tuple[int, int]:
        """The offsets in the text between which a part stands."""
        return 0, len(self.text)

    def location(self, place: Range) -> types.Location | None:
        """A range as the client names it."""
        start, end = self.span(place)
        found = self.place(start, end)
        if found is None:
            return None
        part, start, end = found
        return types.Location(part.uri, part.range(start, end))

    def span(self, place: Range) -> tuple[int, int]:
        """The offsets of a range."""
        starts = self.lines.starts
        return starts[place.line - 1] + place.column, starts[place.end_line - 1] + place.end_column

    def text_edits(self, edits: Iterable[Edit]) -> dict[Part, list[types.TextEdit]] | None:
        """Edits of the text as edits of its parts; None when one of them is not in one part."""
        found: dict[Part, list[types.TextEdit]] = {}
        for edit in ordered_edits(edits):
            place = self.place(edit.start, edit.end)
            if place is None:
                return None
            part, start, end = place
            found.setdefault(part, []).append(types.TextEdit(part.range(start, end), edit.replacement))
        return found


def program_of(document: Document) -> Program:
    """A document as a program of its own."""
    part = Part(document.uri, document.version, document.table, document.units)
    return Program(document.uri, file_path(document.uri), document.source, (part,))


def file_path(uri: str) -> Path | None:
    """The file that a URI names; None when it names none."""
    path = to_fs_path(uri)
    return Path(path) if path else None
