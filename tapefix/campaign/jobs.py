"""One file's share of a campaign: read, repaired, proved, and brought to its end state."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tapefix.campaign.outcome import EndState, FileOutcome
from tapefix.campaign.settling import settle
from tapefix.mending import Choosing, DefectError, mend
from tapefix.report.results import FileResult
from tapefix.running import QUERY
from tapefix.share import Allotment
from tapefix.source.errors import SourceError
from tapefix.source.opening import read_source
from tapefix.suppressions import Suppressions
from tapefix.verify.options import VerifyError

if TYPE_CHECKING:
    from tapefix.codemod import Codemod
    from tapefix.verify import RunOptions, Verifier
    from tapefix.verify.evidence import Evidence


_WORDS = {
    "write": "writes",
    "read": "reads",
    "subprocess.Popen": "starts",
    "os.system": "starts",
    "os.fork": "forks",
    "socket.connect": "connects",
    "socket.getaddrinfo": "asks for the address of",
}
_BEYOND = frozenset(_WORDS) - {"write", "read"}
"""What reaches beyond a working copy, whatever it names."""


@dataclass(frozen=True)
class Job:
    """What a worker needs to know of a file; it needs no more, wherever it runs."""

    number: int
    """Its place in the plan."""
    name: str
    path: Path
    data: bytes = field(repr=False)
    digest: str
    rules: tuple[str, ...]
    """The codes of the rules that look at it."""
    unsafe: bool
    project: Path
    options: RunOptions | None
    """None where nothing is to be run."""
    named: bool
    """Whether it was asked for itself: then it is run even if the reading finds nothing."""
    own: Allotment = field(default_factory=Allotment)
    """Which of its findings count."""
    pictured: bool = False
    """Whether it is to be drawn where its gradients went."""


class Mender:
    """Does jobs one after the other, with one warm server at a time."""

    def __init__(self, spares: int = 2) -> None:
        self._spares = spares
        """How many processes its servers may get ready beside a run."""
        self._verifier: Verifier | None = None
        self._for: tuple[Path, RunOptions] | None = None

    def __enter__(self) -> Mender:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the warm server."""
        if self._verifier is not None:
            self._verifier.close()
            self._verifier = self._for = None

    def do(self, job: Job, choosing: Choosing | None = None) -> FileOutcome:
        """What becomes of a file; `choosing` says which rewrites are wanted, all of them by default.

        Raises:
            DeviceError, SandboxError: what was asked for is not there.
        """
        started = time.monotonic()
        try:
            outcome = self._mended(job, choosing)
        except DefectError as error:
            outcome = crashed(job, error.message)
        except SourceError as error:
            outcome = unreadable(job.name, error)
        finally:
            if self._verifier is not None:
                self._verifier.forget()
        return replace(outcome, digest=job.digest, seconds=time.monotonic() - started)

    def answer(self, job: Job, choosing: Choosing | None = None) -> FileOutcome | VerifyError:
        """What becomes of a file, or why none of them can be run; nothing else leaves a worker."""
        try:
            return self.do(job, choosing)
        except VerifyError as error:
            return error
        except Exception as error:  # a bug of ours or of a rule pack: one file's misfortune, not the campaign's
            message = " ".join(str(error).split())[:300]
            return crashed(job, f"tapefix has a bug: {type(error).__name__}: {message}")

    def _mended(self, job: Job, choosing: Choosing | None) -> FileOutcome:
        from tapefix.verify.concluding import stopped_short

        source = read_source(job.path, job.name, job.data)
        if source.foreign is not None:
            return FileOutcome(job.name, EndState.UNCHANGED, source.foreign.message)
        comment = next((each for each in Suppressions(source.text).found if each.leaves_out_all), None)
        if comment is not None:
            line = source.named(comment.line)
            return FileOutcome(job.name, EndState.SKIPPED, f"a comment in line {line} leaves it out", line)
        anyway = job.options is not None and job.named and QUERY.search(source.text) is not None
        warm = partial(self._warm, job)
        result = mend(
            source,
            job.path,
            _rules(job),
            warm,
            unsafe=job.unsafe,
            anyway=anyway,
            choosing=choosing,
            sharing=partial(job.own.share, source.lines),
        )
        runs = self._runs(job, source.text)
        later = [] if result.proof is None else self._runs(job, result.proof.proposed)
        short = stopped_short(runs[0], job.options) if runs and job.options is not None else ""
        settled = settle(result.findings, result.proof, [evidence.end for evidence in (*runs, *later)], short)
        matters = result.findings or result.notices or result.proof is not None
        return FileOutcome(
            path=job.name,
            state=settled.state,
            reason=settled.reason,
            findings=tuple(result.findings),
            notices=tuple(result.notices),
            proof=result.proof,
            attempts=tuple(dict.fromkeys(attempt for evidence in runs for attempt in attempts(evidence))),
            paths=self._paths(job, result),
            ran=bool(runs),
            chance=settled.chance,
            data=job.data if matters else b"",
        )

    def _runs(self, job: Job, text: str) -> list[Evidence]:
        return [] if self._verifier is None else self._verifier.recorded(job.path, text)

    def _paths(self, job: Job, result: FileResult) -> tuple[dict[str, Any], ...]:
        """Where the gradients of a file with findings went, before its repair."""
        if not job.pictured or result.source is None or not (result.findings or result.proof is not None):
            return ()
        from tapefix.report.page_data import paths_seen

        verifier = self._warm(job)
        return () if verifier is None else tuple(paths_seen(verifier, job.path, result.source.text))

    def _warm(self, job: Job) -> Verifier | None:
        """The verifier for a job; another project's or another interpreter's is ended first."""
        if job.options is None:
            return None
        from tapefix.verify import Verifier

        wanted = (job.project, job.options)
        if self._for != wanted:
            self.close()
            options = replace(job.options, spares=self._spares)
            self._verifier, self._for = Verifier(options, job.project), wanted
        return self._verifier


def attempts(evidence: Evidence) -> Iterator[str]:
    """What a run tried beyond its working copy, in words."""
    for effect in evidence.effects:
        away = [path for path in effect.paths if path.startswith("/")]
        if effect.effect in _BEYOND or away:
            what = _WORDS.get(effect.effect, effect.effect)
            yield f"line {effect.line}: {what} {' '.join(away or effect.paths)}".rstrip()


def _rules(job: Job) -> tuple[type[Codemod], ...]:
    from tapefix.registry import load_rules

    wanted = set(job.rules)
    return tuple(rule for rule in load_rules() if rule.code in wanted)


def crashed(job: Job, reason: str) -> FileOutcome:
    """The outcome for a file on which something of ours failed."""
    return FileOutcome(job.name, EndState.CRASHED, reason, chance=True, digest=job.digest)


def unreadable(name: str, error: SourceError) -> FileOutcome:
    """The outcome for a file or folder that cannot be read."""
    return FileOutcome(name, EndState.UNREADABLE, error.message, error.line, error.column)
