"""What the server asks of its process for runs, and what that says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tapefix.finding import Finding
from tapefix.share import Allotment
from tapefix.source.notebook_text import NotebookText
from tapefix.source.text import SourceText
from tapefix.verify import RunOptions


@dataclass(frozen=True)
class Begin:
    """The first message: what will be run, and how."""

    project: Path
    options: RunOptions


@dataclass(frozen=True)
class Chosen:
    """What a finding of a text is known by."""

    code: str
    line: int
    column: int

    @classmethod
    def of(cls, finding: Finding) -> Chosen:
        """What this finding is known by."""
        return cls(finding.code, finding.range.line, finding.range.column)


@dataclass(frozen=True)
class Script:
    """A text, as it stands in the editor."""

    path: Path
    """Its file; where it has none yet, one that it could have."""
    name: str
    """What it is called in messages."""
    text: str
    cells: tuple[tuple[int, str], ...] | None = None
    """Of a notebook: the numbers and texts of the cells that its program is made of."""

    @property
    def source(self) -> SourceText:
        """The text; that of a notebook knows its cells.

        Raises:
            SourceError: a cell is no Python.
        """
        if self.cells is None:
            return replace(SourceText.of(self.text, self.name), path=self.path)
        # Only cells of code are read; the others stand for the numbers between.
        texts = dict(self.cells)
        numbers = range(1, max(texts, default=0) + 1)
        cells: list[dict[str, object]] = [
            {"cell_type": "code" if number in texts else "raw", "metadata": {}, "source": texts.get(number, "")}
            for number in numbers
        ]
        document = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        return NotebookText.from_bytes(document.encode(), self.name, self.path)


@dataclass(frozen=True)
class Prove:
    """Asks for a repair that is verified."""

    script: Script
    rules: tuple[str, ...]
    """The codes of the rules that may speak."""
    unsafe: bool
    """Whether what changes the meaning may be rewritten as well."""
    chosen: Chosen | None = None
    """The one finding that is to be repaired, together with those that serve the same queries; None for all."""
    cell: tuple[int, int] | None = None
    """The first and last line of the cell in which all are to be repaired, again with those that serve the same
    queries; None for all cells."""
    own: Allotment = field(default_factory=Allotment)
    """What is known of the script already, and stays as it is."""


@dataclass(frozen=True)
class Explain:
    """Asks where the missing gradients of a script went."""

    script: Script
    page: bool
    """Whether a page with the paths is wanted as well."""
    line: int | None = None
    """The line that was asked about; what is wrong there is said first."""


@dataclass(frozen=True)
class GiveUp:
    """Nobody waits for the answer any more. It comes all the same, as soon as the run has ended."""


@dataclass(frozen=True)
class Told:
    """How far it is."""

    stage: str
    """`starting`: TensorFlow is imported, by the interpreter `what`; `started`; `running`: a run begins."""
    what: str = ""


@dataclass(frozen=True)
class Lost:
    """The warm server has ended by itself."""

    how: str


@dataclass(frozen=True)
class Proved:
    """What came of a repair."""

    status: str
    """A verdict, or `nothing` where there was nothing to repair."""
    sentence: str
    details: str
    """The verdict with everything that it rests on."""
    after: str
    """The text with what was verified; the same text where that is nothing."""
    lines: Mapping[int, str]
    """What there is to say of the lines of `after`, in Markdown."""
    marks: Mapping[int, str]
    """What was found of its queries, in a few words."""


@dataclass(frozen=True)
class Explained:
    """What a traced run says."""

    sentence: str
    details: str
    """The account of every missing gradient."""
    broken: bool
    findings: tuple[Finding, ...]
    lines: Mapping[int, str]
    marks: Mapping[int, str]
    page: str = ""
    """The paths beside the source, as HTML; empty where it was not asked for."""


@dataclass(frozen=True)
class Failed:
    """Nothing can be said of a text; the sentence says why."""

    sentence: str


@dataclass(frozen=True)
class GivenUp:
    """It was given up, and nothing of it runs any more."""


Answer = Proved | Explained | Failed | GivenUp
