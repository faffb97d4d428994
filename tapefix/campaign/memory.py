"""What a campaign's journal says of its past: where it began, what it planned, what came of it so far."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from tapefix.campaign.codec import CodecError, from_data
from tapefix.campaign.journal import JournalError, read_blob, records
from tapefix.campaign.outcome import FileOutcome, Settings

Answer = tuple[str, int, str]
"""A rewrite that somebody was asked about: its code, its line before all rewrites, its rule's name."""


@dataclass(frozen=True)
class PlannedFile:
    """One file of the plan, as it was then."""

    name: str
    digest: str
    named: bool


@dataclass(frozen=True)
class Write:
    """A write that was begun: the file, and its content before and after by their digests."""

    path: str
    before: str
    after: str


@dataclass
class Memory:
    """The past of one campaign."""

    folder: Path
    settings: Settings = field(default_factory=Settings)
    cwd: str = ""
    started: str = ""
    planned: list[PlannedFile] | None = None
    """None when it was killed before the plan was complete."""
    passed_over: int = 0
    outcomes: dict[int, FileOutcome] = field(default_factory=dict)
    writes: dict[int, Write] = field(default_factory=dict)
    written: set[int] = field(default_factory=set)
    answers: dict[str, dict[Answer, bool]] = field(default_factory=dict)
    """By file."""
    seconds: float = 0.0
    """Of all its parts so far."""
    undone: bool = False

    @property
    def root(self) -> Path:
        """The folder that holds `.tapefix/`."""
        return self.folder.parents[2]


def remember(folder: Path) -> Memory:
    """Read a campaign's journal.

    Raises:
        JournalError: there is none, or another version of tapefix wrote it.
    """
    memory = Memory(folder)
    try:
        for record in records(folder):
            _take(memory, record.kind, record.content)
    except (CodecError, KeyError, TypeError, ValueError):
        raise JournalError(folder, "this journal was written by another version of tapefix") from None
    if not memory.started:
        raise JournalError(folder, "this campaign was stopped before it began; begin another one")
    return memory


def _take(memory: Memory, kind: str, content: dict[str, object]) -> None:
    number = int(str(content.get("number", -1)))
    if kind == "begin":
        memory.settings = from_data(Settings, content["settings"])
        memory.cwd, memory.started = str(content["cwd"]), str(content["started"])
    elif kind == "plan":
        memory.planned = from_data(list[PlannedFile], content["files"])
        memory.passed_over = int(str(content["passed_over"]))
    elif kind == "changed" and memory.planned is not None:
        memory.planned[number] = replace(memory.planned[number], digest=str(content["digest"]))
        memory.outcomes.pop(number, None)
        memory.writes.pop(number, None)
    elif kind == "outcome":
        outcome = from_data(FileOutcome, content["outcome"])
        kept = content.get("kept")
        data = read_blob(memory.folder, str(kept)) if kept else b""
        if data is not None:
            memory.outcomes[number] = replace(outcome, data=data)
    elif kind == "writing":
        memory.writes[number] = Write(*(str(content[name]) for name in ("path", "before", "after")))
    elif kind == "written":
        memory.written.add(number)
    elif kind == "answer":
        key = (str(content["code"]), int(str(content["line"])), str(content["rule"]))
        memory.answers.setdefault(str(content["file"]), {})[key] = bool(content["yes"])
    elif kind == "end":
        memory.seconds += float(str(content["seconds"]))
    elif kind == "undone":
        memory.undone = True


def path_of(write: Write, root: Path) -> Path:
    """Where the file of a write is."""
    return Path(os.path.join(root, write.path))  # noqa: PTH118 - an absolute one stays as it is
