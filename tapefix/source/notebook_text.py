"""A notebook as a text: its program where other files have their own text, and its file written back from that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tapefix.source.cells import Program, WithheldError
from tapefix.source.diffs import relative_name
from tapefix.source.errors import SourceError
from tapefix.source.lines import Lines
from tapefix.source.notebook import Notebook
from tapefix.source.places import CellLine
from tapefix.source.text import SourceText

_BOM = b"\xef\xbb\xbf"
_NO_NOTEBOOK, _NO_PROGRAM = Notebook("", (), None), Program.of(())


@dataclass(frozen=True)
class NotebookText(SourceText):
    """A notebook; `text` is the program that its cells make, or a later text of that."""

    notebook: Notebook = _NO_NOTEBOOK
    program: Program = _NO_PROGRAM
    """As it was read."""

    @classmethod
    def from_bytes(cls, data: bytes, name: str, path: Path | None = None) -> NotebookText:
        """Read the bytes of a notebook.

        Raises:
            SourceError: they are no notebook, or a cell of it is no Python.
        """
        bom = data.startswith(_BOM)
        body = data[3:] if bom else data
        try:
            document = body.decode("utf-8")
        except UnicodeDecodeError as error:
            before = body[: error.start].decode("utf-8", "replace")
            message = f"byte 0x{body[error.start]:02x} is not UTF-8, as a notebook has to be"
            raise SourceError(name, message, *Lines(before).position(len(before))) from None
        notebook = Notebook.read(document, name)
        cells = () if notebook.language is not None else notebook.cells
        program = Program.of((cell.text for cell in cells), [cell.number for cell in cells])
        source = cls(path, name, program.text, "utf-8", bom, data, notebook, program)
        for index, broken in program.broken.items():
            line = source.named(program.line(index, broken.line or 1))
            raise SourceError(name, broken.message, line, broken.column)
        return source

    @property
    def foreign(self) -> SourceError | None:
        """That its kernel speaks something else than Python, at the place that says so; None for Python."""
        found = self.notebook.language
        if found is None:
            return None
        line, column = Lines(self.notebook.document).position(found.start)
        return SourceError(self.name, f"this notebook is in {found} and not in Python", line, column)

    @property
    def whole(self) -> str:
        """The file's text, its BOM included.

        Raises:
            SourceError: the text has lost its cells.
        """
        mark = "\ufeff" if self.bom else ""
        if self.notebook.language is not None:
            return mark + self.notebook.document
        return mark + self.notebook.with_texts(self.later.cells)

    def to_bytes(self) -> bytes:
        """The bytes of the file with this text.

        Raises:
            SourceError: the text has lost its cells.
        """
        return self.whole.encode("utf-8")

    @cached_property
    def later(self) -> Program:
        """The program that the text is now.

        Raises:
            SourceError: the text has lost its cells.
        """
        if self.text == self.program.text:
            return self.program
        try:
            return self.program.after(self.text)
        except WithheldError as error:
            message = f"the rewritten text cannot be put back into the cells: {error}; please report this"
            raise SourceError(self.name, message) from None

    def named(self, line: int) -> int:
        """A line of the text, which knows its cell."""
        return self.naming(self.text)(line)

    def naming(self, text: str) -> Callable[[int], int]:
        """What `named` would be for another text of the same program; plain numbers where that has lost its cells."""
        try:
            program = self.program if text == self.program.text else self.program.after(text)
        except WithheldError:
            return int
        known: dict[int, CellLine] = {}

        def named(line: int) -> int:
            if isinstance(line, CellLine):
                return line
            if line not in known:
                known[line] = self._located(program, line)
            return known[line]

        return named

    def changes(self, after: str) -> list[tuple[str, str, str]]:
        """What another text of the program changes: the name of each cell that it changes, and its two texts."""
        later = replace(self, text=after).later
        name = relative_name(self.name)
        cells = zip(later.numbers, self.later.cells, later.cells, strict=True)
        return [(f"{name}:cell {number}", _ended(old), _ended(new)) for number, old, new in cells if old != new]

    def stretch(self, line: int, end_line: int) -> tuple[Lines, int, int]:
        """The lines around some lines of the text, and the numbers that they have there: those of their cell."""
        index, first = self.later.place(line)
        lines = Lines(self.later.cells[index]) if self.later.cells else Lines("")
        last = self.later.place(end_line)
        return lines, min(first, lines.count), min(last[1] if last[0] == index else lines.count, lines.count)

    def listing(self) -> list[tuple[int, str, str]]:
        """The lines of the cells, each cell with a line of its own above."""
        found: list[tuple[int, str, str]] = []
        for index, text in enumerate(self.later.cells):
            first = self.later.line(index, 1)
            found.append((first - 1, "", f"cell {self.later.numbers[index]}"))
            lines = Lines(text)
            found += [(first + number - 1, str(number), lines.line(number)) for number in range(1, lines.count + 1)]
        return found

    def _located(self, program: Program, line: int) -> CellLine:
        found = program.named(line)
        index, inside = program.place(line)
        file_line = self.notebook.file_line(index, inside) if program.cells else 1
        return CellLine(line, found.cell, found.line, file_line)


def _ended(text: str) -> str:
    """A cell's text with its last line ended, as the lines of a file are."""
    return text if not text or text.endswith(("\r", "\n")) else text + "\n"
