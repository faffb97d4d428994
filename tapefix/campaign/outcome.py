"""What a campaign came to: one end state for each file, with its reason, and the totals."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tapefix.finding import Finding
from tapefix.proof import Proof
from tapefix.report.results import FileEnd, FileResult
from tapefix.source.errors import SourceError
from tapefix.source.opening import read_source
from tapefix.suppressions import Notice


class EndState(str, enum.Enum):
    """The closed set of what can become of a file. Each file ends in exactly one of them, with a reason."""

    UNCHANGED = "unchanged"
    """There is nothing to repair."""
    VERIFIED = "fixed and verified"
    """Rewrites were proved by running the file before and after; the reason says which were left out, if any."""
    UNVERIFIED = "fixed, not verified"
    """There are rewrites, and no verdict on them: the reason says why. They are written with `--no-verify` only."""
    ADVICE = "advice only"
    """There are findings, and no rewrite that may be applied."""
    REFUSED = "refused"
    """A verdict rejected every rewrite, or they were declined in the review."""
    UNREADABLE = "cannot parse"
    """It is no Python 3, or no text; the place is known where there is one. Python 2 is named in the reason."""
    NEEDS = "needs data or a module"
    """A run asked for a file, a module or an address that is not there; the reason names it."""
    TIMED_OUT = "timed out"
    """The run reached no query within its time."""
    CRASHED = "crashed"
    """The run was ended by a signal or a limit other than time, or a rule failed on the file."""
    SKIPPED = "skipped by configuration"
    """The configuration leaves it out, or a comment in it does."""


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file."""

    path: str
    """As it is shown: relative to where the campaign was started, where that was asked for."""
    state: EndState
    reason: str
    """One sentence without a full stop; empty where the state says all."""
    line: int | None = None
    """Where the reason has a place in the file: counted from 1."""
    column: int | None = None
    """Counted from 0 in code points."""
    findings: tuple[Finding, ...] = ()
    """What is left to be done by hand."""
    notices: tuple[Notice, ...] = ()
    """What there is to say about comments of ours, and of a run that ended before its first query."""
    proof: Proof | None = None
    """The texts before and after, each rewrite with its verdict, and the verdict on the sum."""
    attempts: tuple[str, ...] = ()
    """What the run before tried beyond its working copy, as far as its evidence shows: files, processes, addresses."""
    paths: tuple[dict[str, Any], ...] = ()
    """Where its gradients went, as drawings for a report; empty where none was asked for."""
    seconds: float = 0.0
    """What reading and running it took."""
    cached: bool = False
    """Whether all of it was known from an earlier campaign."""
    written: bool = False
    """Whether the file holds the repaired text now."""
    problem: str = ""
    """Why a repair that was to be written was not; the file is as it was."""
    digest: str = ""
    """SHA-256 of the bytes before, in hexadecimal."""
    data: bytes = field(default=b"", repr=False, compare=False)
    """The bytes before, of a file with findings or a repair; its encoding and BOM are in there."""

    ran: bool = False
    """Whether anything was run for it."""
    chance: bool = False
    """Whether it may come out otherwise another time: then it is not taken from an earlier campaign."""

    @property
    def repaired(self) -> bool:
        """Whether there is a text to be written."""
        return self.proof is not None and self.proof.kept > 0 and self.proof.after != self.proof.before

    @cached_property
    def result(self) -> FileResult:
        """The file as every other command shows it: with its text, diff, findings and verdicts."""
        error = None
        if self.problem:
            error = SourceError(self.path, self.problem)
        elif self.proof is None and self.state in (EndState.UNREADABLE, EndState.CRASHED):
            error = SourceError(self.path, self.reason, self.line, self.column)
        return FileResult(
            name=self.path,
            source=read_source(Path(self.path), self.path, self.data) if self.data else None,
            error=error,
            findings=self.findings,
            notices=self.notices,
            proof=self.proof,
            written=self.written,
            end=FileEnd(self.state.value, self.reason, self.attempts, self.seconds, self.cached, self.paths),
        )


@dataclass(frozen=True)
class Versions:
    """What the campaign ran with; empty where nothing was run."""

    tapefix: str
    rules: str = ""
    """A digest of every rule's code: another rule pack or version has another one."""
    python: str = ""
    tensorflow: str = ""
    device: str = ""
    sandbox: str = ""
    """How the runs were walled in, in one line."""


@dataclass(frozen=True)
class Settings:
    """What was asked for."""

    paths: tuple[str, ...] = ()
    write: bool = False
    verify: bool = True
    unsafe: bool | None = None
    """None leaves it to each project's configuration."""
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    run: str | None = None
    samples: int | None = None
    timeout: float | None = None
    memory: int | None = None
    device: str | None = None
    sandbox: str | None = None
    python: str | None = None
    jobs: int = 1
    scheduler: str | None = None
    interactive: bool = False
    patch: str | None = None
    """The file that one patch is written to, instead of the tree."""
    git: str | None = None
    """`rule` or `file`: what each commit on a new branch is about, instead of writes."""
    cache: bool = True
    since: str | None = None
    """The revision since which lines have to be changed to count."""
    baseline: str | None = None
    """The file of known findings, instead of those that the settings of projects name."""
    pictures: bool = False
    """Whether it is to be drawn where gradients went, which takes a run more for each file with findings."""


@dataclass(frozen=True)
class CampaignTotals:
    """The figures of a campaign."""

    files: int
    """Files with an end state."""
    passed_over: int
    """Files of the walk with nothing in them for a rule to find; they have no row."""
    states: Mapping[EndState, int]
    """Every end state, in the order of the enum, those that no file has with 0."""
    findings: int
    """Findings that are left to be done by hand."""
    rewrites: int
    kept: int
    """Rewrites that are part of a repair."""
    written: int
    """Files."""
    cached: int
    """Files whose result was known."""


@dataclass(frozen=True)
class CampaignResult:
    """A whole campaign, as reports show it."""

    id: str
    root: Path
    """The folder that holds `.tapefix/`."""
    started: str
    """ISO 8601, UTC."""
    seconds: float
    settings: Settings
    versions: Versions
    files: tuple[FileOutcome, ...]
    """By path, in the order of the walk."""
    passed_over: int = 0
    open: int = 0
    """Files without an end state yet: the review was left before they came up. `--resume` goes on with them."""

    @cached_property
    def totals(self) -> CampaignTotals:
        """The figures."""
        counted = Counter(outcome.state for outcome in self.files)
        judged = [each for outcome in self.files if outcome.proof is not None for each in outcome.proof.judged]
        return CampaignTotals(
            files=len(self.files),
            passed_over=self.passed_over,
            states={state: counted[state] for state in EndState},
            findings=sum(len(outcome.findings) for outcome in self.files),
            rewrites=len(judged),
            kept=sum(each.kept for each in judged),
            written=sum(outcome.written for outcome in self.files),
            cached=sum(outcome.cached for outcome in self.files),
        )
