"""What the process for runs does: it proves repairs, and explains what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from tapefix.codemod import Codemod
from tapefix.editor.runs.explaining import explained
from tapefix.editor.runs.messages import Answer, Chosen, Explain, Failed, GivenUp, Prove, Proved, Script
from tapefix.editor.runs.telling import changed_lines, joined, query_lines, reasons_of, unasked, verdict_text
from tapefix.engine import BrokenRewriteError, check
from tapefix.fencing import fenced_cells
from tapefix.finding import Applicability, Finding
from tapefix.proof import Judged, Proof, prove
from tapefix.registry import load_rules
from tapefix.report.lines import plain
from tapefix.report.verdicts import verdict_lines
from tapefix.source.cells import Program
from tapefix.source.errors import SourceError
from tapefix.suppressions import Watched
from tapefix.units import identity, units_of
from tapefix.verify import Evidence, Verifier, VerifyError
from tapefix.verify.waiting import Stopped

Accept = Callable[[Finding], bool]


def carry_out(task: Prove | Explain, verifier: Verifier) -> Answer:
    """Do what was asked for; whatever goes wrong is an answer too."""
    # The files beside the script may have changed since the last time.
    verifier.forget()
    program = task.script.joined
    if program is not None:
        verifier.call_lines(task.script.path, program.naming)
    try:
        return _proved(task, verifier) if isinstance(task, Prove) else explained(task, verifier)
    except Stopped:
        return GivenUp()
    except (VerifyError, SourceError) as error:
        return Failed(str(error))
    except (BrokenRewriteError, RecursionError) as error:
        return Failed(f"{task.script.name} cannot be repaired: {error}")


def _proved(task: Prove, verifier: Verifier) -> Answer:
    script, program = task.script, task.script.joined
    named: Sequence[type[Codemod]] = [rule for rule in load_rules() if rule.code in task.rules]
    rules = Watched(named if program is None else fenced_cells(named, program)).rules
    # Whatever keeps it from being run is said at once, and not of each rewrite.
    before = verifier.evidence(script.path, script.text)
    unsafe, accept = task.unsafe, None
    if task.chosen is not None:
        findings = check(script.text, rules)
        chosen = _find(findings, task.chosen)
        if chosen is None or chosen.rewrite is None:
            return Failed("the finding is not there any more, or has no rewrite")
        unsafe = unsafe or chosen.applicability is Applicability.UNSAFE
        accept = _only(chosen, findings, task.unsafe)
    proof = prove(script.path, script.text, rules, verifier=verifier, unsafe=unsafe, accept=accept)
    if task.chosen is not None:
        proof = _for_chosen(proof, task.chosen)
    if program is not None:
        proof = _by_cells(proof, program)
    if proof.verdict is None or not proof.judged:
        return Proved(
            "nothing", _nothing(script, proof, before, verifier), "", script.text, _queries(script, proof, verifier)
        )
    details = plain(verdict_lines(proof.verdict, script.name))
    verdict = verdict_text(proof.verdict)
    if proof.after != script.text:
        about = dict.fromkeys(changed_lines(script.text, proof.after), verdict)
    else:
        about = {judged.finding.range.line: verdict for judged in proof.judged}
    return Proved(
        proof.verdict.status.value,
        _sentence(script, proof),
        details,
        proof.after,
        joined(_queries(script, proof, verifier), about),
    )


def _find(findings: Iterable[Finding], chosen: Chosen) -> Finding | None:
    return next((finding for finding in findings if Chosen.of(finding) == chosen), None)


def _only(chosen: Finding, findings: Sequence[Finding], unsafe: bool) -> Accept:
    """Accept a finding, those that serve the same queries, and what these uncover: a run judges them together."""
    rewritable = [finding for finding in findings if finding.rewrite is not None]
    unit = next(unit for unit in units_of(rewritable) if chosen in unit.findings)
    wanted = {identity(finding) for finding in unit.findings if _may(finding, chosen, unsafe)}
    known = {identity(finding) for finding in findings}

    def accept(finding: Finding) -> bool:
        if identity(finding) in known:
            return identity(finding) in wanted
        return bool((finding.queries | finding.keeps) & unit.queries) and _may(finding, chosen, unsafe)

    return accept


def _may(finding: Finding, chosen: Finding, unsafe: bool) -> bool:
    """Whether it is safe, or what changes the meaning was asked for: of this one, or of all."""
    return finding.applicability is Applicability.SAFE or unsafe or identity(finding) == identity(chosen)


def _for_chosen(proof: Proof, chosen: Chosen) -> Proof:
    """A repair that leaves out what was chosen is none, whatever it holds besides."""
    asked = next((judged for judged in proof.judged if identity(judged.finding) == (chosen.code, chosen.line)), None)
    if asked is None:
        return replace(proof, after=proof.before, judged=())
    if asked.kept:
        return proof
    return replace(proof, after=proof.before, verdict=asked.verdict)


def _by_cells(proof: Proof, program: Program) -> Proof:
    """The same, with lines called by their cells."""
    before, after = program.naming(proof.before), program.naming(proof.after)
    return replace(
        proof,
        judged=tuple(replace(judged, finding=judged.finding.called(before)) for judged in proof.judged),
        remaining=tuple(finding.called(after) for finding in proof.remaining),
    )


def _queries(script: Script, proof: Proof, verifier: Verifier) -> dict[int, str]:
    """What a run of the text as it is left finds of each query."""
    left = proof.after if proof.verdict is not None else script.text
    evidence = verifier.evidence(script.path, left)
    findings = (*proof.remaining, *(judged.finding for judged in proof.judged)) if left == script.text else ()
    return query_lines(evidence, reasons_of(findings or proof.remaining))


def _sentence(script: Script, proof: Proof) -> str:
    """The verdict in one line."""
    assert proof.verdict is not None
    total, kept = len(proof.judged), proof.kept if proof.after != proof.before else 0
    text = f"{script.name}: {proof.verdict.status.value}: {proof.verdict.reason}"
    if not kept:
        return f"{text}. Nothing was changed."
    if kept == total:
        return f"{text} ({kept} rewrite{'s' * (kept != 1)})."
    left_out = next(judged for judged in proof.judged if not judged.kept)
    return f"{text} ({kept} of {total} rewrites). Left out: {_left_out(left_out)}"


def _left_out(judged: Judged) -> str:
    finding, verdict = judged.finding, judged.verdict
    why = f"{verdict.status.value}: {verdict.reason}" if verdict is not None else "not judged"
    return f"{finding.code} at line {finding.range.line}, {why}."


def _nothing(script: Script, proof: Proof, before: Evidence, verifier: Verifier) -> str:
    """Say why nothing was to be repaired."""
    if proof.dropped:
        return f"{script.name}: nothing to repair: in the run every gradient was there."
    if proof.remaining:
        first = proof.remaining[0]
        return (
            f"{script.name}: nothing that a rewrite could repair. "
            f"Line {first.range.line}: {first.message} ({first.code})"
        )
    if not before.queries:
        return f"{script.name}: {unasked(before, verifier)}"
    return f"{script.name}: nothing to repair was found."
