"""Programs of files that no client has open: read from the file system, and spoken of by the places in their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tapefix.editor.notebooks import Notebook
from tapefix.editor.positions import Units
from tapefix.editor.programs import Part, Program
from tapefix.finding import Range
from tapefix.source.lines import Lines
from tapefix.source.notebook_text import NotebookText
from tapefix.source.opening import read_source
from tapefix.source.places import CellLine, in_cell


@dataclass(frozen=True, eq=False)
class ClosedNotebook(Notebook):
    """A notebook whose cells have no names yet: what is found stands on the lines of its file that hold them."""

    source: NotebookText

    def place(self, where: Range) -> tuple[Part, Range] | None:
        """The lines of the file that hold a range; how its columns are written there is nobody's business."""
        (file,) = self.parts
        first, last = (self._file_line(line) for line in (where.line, where.end_line))
        return file, Range(first, 0, last, len(file.lines.line(last)))

    def told(self, line: int) -> str:
        """The cell of a line, and the line in it: that of the file says little to who looks at a notebook."""
        return in_cell(self.source.named(line))

    def _file_line(self, line: int) -> int:
        named = self.source.named(line)
        return named.file_line if isinstance(named, CellLine) else 1


def closed_program(path: Path, data: bytes, units: Units) -> Program | None:
    """The program of a file with these bytes; None for a notebook in another language.

    Raises:
        SourceError: it cannot be read.
    """
    uri = path.as_uri()
    source = read_source(path, str(path), data)
    if source.foreign is not None:
        return None
    if not isinstance(source, NotebookText):
        return Program(uri, path, source.text, (Part(uri, None, source.lines, units),))
    file = Part(uri, None, Lines(source.notebook.document), units)
    return ClosedNotebook(uri, path, source.text, (file,), source.program, source)
