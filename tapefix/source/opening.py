"""Any file that tapefix reads: Python, or a notebook."""

from __future__ import annotations

from pathlib import Path

from tapefix.source.text import SourceText, read_bytes

NOTEBOOK = ".ipynb"
"""How the name of a notebook ends."""


def read_source(path: Path, name: str | None = None, data: bytes | None = None) -> SourceText:
    """The text of a file, or of its bytes where they were read already; of a notebook, its program.

    Raises:
        SourceError: it cannot be read.
    """
    shown = str(path) if name is None else name
    content = read_bytes(path, shown) if data is None else data
    if path.suffix != NOTEBOOK:
        return SourceText.from_bytes(content, shown, path)
    from tapefix.source.notebook_text import NotebookText

    return NotebookText.from_bytes(content, shown, path)
