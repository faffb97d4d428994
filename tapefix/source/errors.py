"""What can be wrong with a file, said for people."""

from __future__ import annotations

from pathlib import Path

from tapefix.source.places import place


class SourceError(Exception):
    """A file that cannot be read, understood or written.

    Lines count from 1 and columns from 0 in code points, as everywhere; both are None when no place is to blame.
    """

    def __init__(
        self, path: Path | str | None, message: str, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.line = line
        self.column = column

    @property
    def place(self) -> str:
        """`path:line:column`, as far as it is known, the column counted from 1 as editors do."""
        return place(str(self.path) if self.path is not None else "<text>", self.line, self.column)

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class ParseError(SourceError):
    """A text that is not Python 3."""
