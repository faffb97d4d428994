"""Notebooks: their cells are one program, and what is found and changed is found and changed in its cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lsprotocol import types

from tapefix.codemod import Codemod
from tapefix.editor.documents import Documents
from tapefix.editor.programs import LANGUAGES, Part, Program, file_path, part_of
from tapefix.fencing import fenced_cells
from tapefix.finding import Range
from tapefix.source import cells
from tapefix.source.cells import WithheldError
from tapefix.source.differing import edits_between
from tapefix.source.edits import Edit


@dataclass(frozen=True, eq=False)
class Notebook(Program):
    """The code cells of a notebook as one program."""

    joined: cells.Program

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts of the cells."""
        return self.joined.cells

    @property
    def readable(self) -> bool:
        """Whether each cell is Python by itself, but for its magics."""
        return not self.joined.broken

    def place(self, where: Range) -> tuple[Part, Range] | None:
        """Where a range stands: a cell, and the range in it; None when it is not in one cell."""
        first, line = self.joined.place(where.line)
        last, end_line = self.joined.place(where.end_line)
        if first != last:
            return None
        part = self.parts[first]
        inside = replace(where, line=line, end_line=end_line)
        return (part, inside) if end_line <= part.lines.count else None

    def number(self, part: Part) -> int:
        """The number of a cell, which counts those that are no code as well."""
        return self.joined.numbers[self.parts.index(part)]

    def offset(self, part: Part, offset: int) -> int:
        """The offset in the text of an offset in a cell."""
        line, column = part.lines.position(offset)
        return self.lines.starts[self.line(part, line) - 1] + column

    def line(self, part: Part, line: int) -> int:
        """The line of the text that a line of a cell is."""
        return self.joined.line(self.parts.index(part), line)

    def edits(self, edits: Iterable[Edit]) -> Mapping[Part, Sequence[Edit]] | None:
        """Edits of the text as edits of the cells; None when the cells cannot take them."""
        try:
            found = self.joined.edits(edits)
        except WithheldError:
            return None
        return {self.parts[index]: made for index, made in found.items()}

    def changes(self, after: str) -> Mapping[Part, Sequence[Edit]] | None:
        """The edits of the cells that make `after` of the text; None when the cells cannot take them."""
        try:
            later = self.joined.after(after).cells
        except WithheldError:
            return None
        both = zip(self.parts, self.cells, later, strict=True)
        return {part: edits_between(old, new) for part, old, new in both if old != new}

    def touched(self, text: str, edits: Iterable[Edit]) -> frozenset[Part]:
        """The cells that edits of a later text of the program change; all, when they cannot take them."""
        try:
            later = self.joined if text == self.text else self.joined.after(text)
            return frozenset(self.parts[index] for index in later.edits(edits))
        except WithheldError:
            return frozenset(self.parts)

    def fenced(self, rules: Sequence[type[Codemod]]) -> tuple[type[Codemod], ...]:
        """Rules that leave magics and the borders of cells alone."""
        return fenced_cells(rules, self.joined)


def notebook_program(notebook: types.NotebookDocument, documents: Documents) -> Notebook:
    """The program of a notebook. Cells that are not open, or in another language, are none of it."""
    numbers, found = [], []
    for number, cell in enumerate(notebook.cells, start=1):
        document = documents.open_document(cell.document)
        code = cell.kind is types.NotebookCellKind.Code
        if document is not None and code and document.language_id in LANGUAGES:
            numbers.append(number)
            found.append(document)
    joined = cells.Program.of((document.source for document in found), numbers)
    parts = tuple(part_of(document) for document in found)
    return Notebook(notebook.uri, file_path(notebook.uri), joined.text, parts, joined)
