"""What a command found out about each file, before any of it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tapefix.finding import Applicability, Finding
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tapefix.suppressions import Notice

if TYPE_CHECKING:
    from tapefix.proof import Judged, Proof


@dataclass(frozen=True)
class FileEnd:
    """What became of a file in a campaign."""

    state: str
    reason: str
    attempts: Sequence[str] = ()
    """What its run tried beyond its working copy."""
    seconds: float = 0.0
    cached: bool = False
    paths: Sequence[dict[str, Any]] = ()
    """Where its gradients went, as drawings."""


@dataclass(frozen=True)
class FileResult:
    """One file."""

    name: str
    source: SourceText | None = None
    """None when it could not be read."""
    error: SourceError | None = None
    """Why it is left out, or was not written."""
    findings: Sequence[Finding] = ()
    """What remains to be done by hand; without a proof, all that was found."""
    notices: Sequence[Notice] = ()
    proof: Proof | None = None
    written: bool = False
    end: FileEnd | None = None
    """Of a campaign: what became of it."""

    def named(self) -> FileResult:
        """The same, with every line as its source calls it: those of a notebook know their cell."""
        source = self.source
        if source is None:
            return self
        proof = self.proof
        later = source.naming(self.left.text)
        if proof is not None:
            judged = (replace(each, finding=each.finding.called(source.named)) for each in proof.judged)
            proof = replace(proof, judged=tuple(judged))
        notices = [replace(notice, line=source.named(notice.line)) for notice in self.notices]
        findings = [finding.called(later) for finding in self.findings]
        return replace(self, findings=findings, notices=notices, proof=proof)

    @property
    def left(self) -> SourceText:
        """The text in which `findings` stand."""
        assert self.source is not None
        return self.source if self.proof is None else self.source.with_text(self.proof.after)

    @property
    def shown_text(self) -> str:
        """The text that the diff leads to: what was proved, or the whole proposal where nothing could be run."""
        if self.proof is None:
            return self.source.text if self.source is not None else ""
        return self.proof.proposed if self.unproved else self.proof.after

    @property
    def unproved(self) -> bool:
        """Whether there is a proposal of which nothing was run."""
        judged = self.proof.judged if self.proof is not None else ()
        return bool(judged) and all(status_of(each) == "not run" for each in judged)

    @property
    def diff(self) -> str:
        """The difference that the repair makes."""
        from tapefix.source.diffs import file_diff

        if self.source is None or self.shown_text == self.source.text:
            return ""
        return file_diff(self.source, self.shown_text)


def status_of(judged: Judged) -> str:
    """What came of a rewrite: `verified`, `rejected`, `not run`, or `not verified` when no run was wanted."""
    if judged.verdict is None:
        return "not verified"
    status = str(judged.verdict.status.value)
    # Verified by itself, but not together with others that were kept.
    return "rejected" if status == "verified" and not judged.kept else status


@dataclass
class Totals:
    """What a whole command came to."""

    files: int = 0
    findings: int = 0
    fixable: int = 0
    waiting: int = 0
    """How many of them have a rewrite that is applied with `--unsafe` only."""
    notices: int = 0
    errors: int = 0
    rewrites: int = 0
    written: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each rule has a finding, by code and name."""

    def add(self, result: FileResult) -> None:
        """Count a file."""
        self.files += 1
        self.findings += len(result.findings)
        self.rules.update((finding.code, finding.name) for finding in result.findings)
        self.fixable += sum(finding.rewrite is not None for finding in result.findings)
        self.waiting += sum(
            finding.rewrite is not None and finding.applicability is Applicability.UNSAFE for finding in result.findings
        )
        self.notices += len(result.notices)
        self.errors += result.error is not None
        self.written += result.written
        for judged in result.proof.judged if result.proof is not None else ():
            self.rewrites += 1
            status = status_of(judged)
            self.outcomes[status] = self.outcomes.get(status, 0) + 1
            if result.written and not judged.kept:
                self.findings += 1

    def exit_code(self) -> int:
        """0 when nothing is left to do, 1 when findings remain or files would change, 2 when a file was left out."""
        if self.errors:
            return 2
        # A rewrite is done only when it is written.
        left = self.findings or (self.rewrites and not self.written) or self.outcomes.get("rejected")
        return 1 if left or self.outcomes.get("not run") else 0
