"""Where something stands in a file, also where the file is a notebook and the line is one of a cell."""

from __future__ import annotations


class CellLine(int):
    """A line of a program made of cells that knows where it stands: written out, it is `2 of cell 3`."""

    cell: int
    """The number of the cell in its notebook."""
    line: int
    """The line in the cell, counted from 1."""
    file_line: int
    """The line of the notebook's file, where it is known; else 1."""

    def __new__(cls, number: int, cell: int = 0, line: int = 0, file_line: int = 1) -> CellLine:
        """Line `number` of a program, which is `line` of `cell`."""
        this = super().__new__(cls, number)
        this.cell, this.line, this.file_line = cell, line, file_line
        return this

    def __str__(self) -> str:
        return f"{self.line} of cell {self.cell}"

    def __format__(self, form: str) -> str:
        return int.__format__(self, form) if form else str(self)


def place(name: str, line: int | None = None, column: int | None = None) -> str:
    """`path:line:column`, as far as it is known, the column counted from 0 and shown from 1 as editors do.

    In a notebook it is `path:cell 3:line:column`.
    """
    parts = [name]
    if line is not None:
        parts += [f"cell {line.cell}", str(line.line)] if isinstance(line, CellLine) else [str(line)]
        if column is not None:
            parts.append(str(column + 1))
    return ":".join(parts)


def in_cell(line: int | None) -> str:
    """The cell in front of a message: the line of the file says little to who looks at a notebook."""
    return f"cell {line.cell}, line {line.line}: " if isinstance(line, CellLine) else ""
