"""A repair rule by rule: what a file holds after each, for whoever wants one change at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tapefix.campaign.outcome import FileOutcome
from tapefix.engine import BrokenRewriteError, repair
from tapefix.fencing import fenced
from tapefix.finding import Finding
from tapefix.registry import load_rules
from tapefix.source.errors import SourceError
from tapefix.suppressions import Watched
from tapefix.units import identity
from tapefix.verify import Verdict


@dataclass(frozen=True)
class Stage:
    """The text of a file with the rewrites of some rules, and those of one more."""

    code: str
    text: str
    findings: tuple[Finding, ...]
    """What the last of these rules rewrites."""
    verdict: Verdict | None
    """On all of the file's rewrites."""
    last: bool


def stages(outcome: FileOutcome) -> Iterator[Stage]:
    """The stages of a repaired file, by code; the last one is the whole repair.

    What only a run has told cannot be repeated here: it comes with the last stage.
    """
    proof, source = outcome.proof, outcome.result.source
    assert proof is not None and source is not None
    kept = [judged.finding for judged in proof.judged if judged.kept]
    codes = sorted({finding.code for finding in kept})
    rules = Watched(fenced([rule for rule in load_rules() if rule.code in codes], source)).rules
    for number, code in enumerate(codes, start=1):
        last = number == len(codes)
        text = proof.after if last else _repaired(source.text, rules, kept, set(codes[:number]))
        findings = tuple(finding for finding in kept if finding.code == code)
        yield Stage(code, text, findings, proof.verdict, last)


def _repaired(text: str, rules: tuple[type, ...], kept: list[Finding], codes: set[str]) -> str:
    wanted = {identity(finding) for finding in kept if finding.code in codes}
    try:
        return repair(text, rules, unsafe=True, accept=lambda finding: identity(finding) in wanted).text
    except (BrokenRewriteError, SourceError):
        # Some rules only go together with the rest.
        return text
