"""What the process for runs does: it proves repairs, and explains what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from tapefix.editor.runs.explaining import explained
from tapefix.editor.runs.messages import Answer, Chosen, Explain, Failed, GivenUp, Prove, Proved
from tapefix.editor.runs.telling import (
    Reason,
    changed_lines,
    joined,
    query_lines,
    query_marks,
    reasons_of,
    verdict_text,
)
from tapefix.engine import check
from tapefix.finding import Applicability, Finding
from tapefix.mending import mend
from tapefix.proof import Accept, Judged, Proof
from tapefix.registry import load_rules
from tapefix.report.lines import plain
from tapefix.report.results import FileResult
from tapefix.report.verdicts import verdict_lines
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tapefix.suppressions import Watched
from tapefix.units import identity, units_of
from tapefix.verify import Verifier, VerifyError
from tapefix.verify.concluding import nothing_reached
from tapefix.verify.waiting import Stopped


def carry_out(task: Prove | Explain, verifier: Verifier) -> Answer:
    """Do what was asked for; what keeps it from being done is an answer too."""
    # The files beside the script may have changed since the last time.
    verifier.forget()
    try:
        source = task.script.source
        return _proved(task, source, verifier) if isinstance(task, Prove) else explained(task, source, verifier)
    except Stopped:
        return GivenUp()
    except _MissingError:
        return Failed("the finding is not there any more, or has no rewrite")
    except (VerifyError, SourceError) as error:
        return Failed(str(error))


class _MissingError(Exception):
    """The finding that was chosen is not there."""


def _proved(task: Prove, source: SourceText, verifier: Verifier) -> Proved:
    script = task.script
    verifier.call_lines(script.path, source.naming)
    # Whatever keeps it from being run is said at once, and not of each rewrite.
    before = verifier.evidence(script.path, script.text)
    result = mend(
        source,
        script.path,
        [rule for rule in load_rules() if rule.code in task.rules],
        lambda: verifier,
        # Of what changes the meaning, `_only` takes no more than was asked for.
        unsafe=task.unsafe or task.chosen is not None,
        anyway=True,
        choosing=None if task.chosen is None and task.cell is None else lambda _, watched: _only(watched, task),
        sharing=partial(task.own.share, source.lines),
    )
    proof = result.proof if task.chosen is None else _for_chosen(result.proof, task.chosen)
    left = verifier.evidence(script.path, proof.after if proof is not None else script.text)
    queries, marks = query_lines(left, _reasons(result, proof)), query_marks(left)
    if proof is None or proof.verdict is None or not proof.judged:
        sentence = (
            _nothing(task, result, proof)
            if before.queries or result.findings
            else nothing_reached(before, verifier.options)
        )
        return Proved("nothing", f"{script.name}: {sentence}", "", script.text, queries, marks)
    verdict = verdict_text(proof.verdict)
    if proof.after != script.text:
        about = dict.fromkeys(changed_lines(script.text, proof.after), verdict)
    else:
        about = {judged.finding.range.line: verdict for judged in proof.judged}
    return Proved(
        proof.verdict.status.value,
        f"{script.name}: {_sentence(proof)}",
        plain(verdict_lines(proof.verdict, script.name)),
        proof.after,
        joined(queries, about),
        marks,
    )


def _only(watched: Watched, task: Prove) -> Accept:
    """Accept what was asked for, what serves the same queries, and what these uncover: a run judges them together."""
    findings = check(task.script.text, watched.rules)
    rewritable = [finding for finding in findings if finding.rewrite is not None]
    asked = {identity(finding) for finding in rewritable if _asked(finding, task)}
    if task.chosen is not None and not asked:
        raise _MissingError
    units = [unit for unit in units_of(rewritable) if not asked.isdisjoint(map(identity, unit.findings))]
    members = {identity(finding) for unit in units for finding in unit.findings}
    queries = {line for unit in units for line in unit.queries}
    known = {identity(finding) for finding in findings}

    def accept(finding: Finding) -> bool:
        key = identity(finding)
        wanted = task.unsafe or (task.chosen is not None and key in asked)
        if not (finding.applicability is Applicability.SAFE or wanted):
            return False
        if key in known:
            return key in members
        return not queries.isdisjoint(finding.queries | finding.keeps) or _asked(finding, task)

    return accept


def _asked(finding: Finding, task: Prove) -> bool:
    """Whether a finding is the one that was asked for, or stands in the cell that was asked in."""
    if task.cell is not None:
        return task.cell[0] <= finding.range.line <= task.cell[1]
    return Chosen.of(finding) == task.chosen


def _for_chosen(proof: Proof | None, chosen: Chosen) -> Proof | None:
    """A repair that leaves out what was chosen is none, whatever it holds besides."""
    if proof is None:
        return None
    asked = next((judged for judged in proof.judged if identity(judged.finding) == (chosen.code, chosen.line)), None)
    if asked is None:
        return replace(proof, after=proof.before, judged=())
    return proof if asked.kept else replace(proof, after=proof.before, verdict=asked.verdict)


def _reasons(result: FileResult, proof: Proof | None) -> Reason:
    """What the findings say of the queries, in the text as it is left."""
    known: Iterable[Finding] = result.findings if proof is None or proof.after == result.left.text else ()
    if proof is not None and proof.after == proof.before:
        known = (*known, *(judged.finding for judged in proof.judged))
    return reasons_of(known)


def _sentence(proof: Proof) -> str:
    """The verdict in one line."""
    assert proof.verdict is not None
    total, kept = len(proof.judged), proof.kept if proof.after != proof.before else 0
    text = f"{proof.verdict.status.value}: {proof.verdict.reason}"
    if not kept:
        return f"{text}. Nothing was changed."
    left_out = [each for each in proof.judged if not each.kept]
    count = f"{kept} of {total} rewrites" if left_out else f"{kept} rewrite{'s' * (kept != 1)}"
    missing = proof.verdict.still_none
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    still = f" Still without a gradient: {missing[0]}{more}." if missing else ""
    return f"{text} ({count}).{_left_out(left_out) if left_out else ''}{still}"


def _left_out(judged: Sequence[Judged]) -> str:
    first = judged[0]
    why = f"{first.verdict.status.value}: {first.verdict.reason}" if first.verdict is not None else "not judged"
    more = f" and {len(judged) - 1} more" if len(judged) > 1 else ""
    return f" Left out: {first.finding.code} at line {first.finding.range.line}{more}, {why}."


def _nothing(task: Prove, result: FileResult, proof: Proof | None) -> str:
    """Say why nothing was to be repaired."""
    if proof is not None and proof.dropped:
        return "nothing to repair: in the run every gradient was there."
    findings = [finding for finding in result.findings if task.cell is None or _asked(finding, task)]
    if findings:
        first = findings[0]
        return f"nothing that a rewrite could repair. Line {first.range.line}: {first.message} ({first.code})"
    return "nothing to repair was found."
