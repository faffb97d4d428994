"""Rewrites and their verdicts: what is proposed for a file, and how much of it a run has proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.allowance import Allowance, Allowed
from tapefix.codemod import Codemod
from tapefix.engine import Repair, repair
from tapefix.finding import Finding, Rewrite
from tapefix.source.linemap import line_origins
from tapefix.steering import Steering
from tapefix.tapes.observed import Observations
from tapefix.units import Unit, identity, units_of
from tapefix.verify import Verdict, VerdictStatus

if TYPE_CHECKING:
    from tapefix.verify import Verifier

Accept = Callable[[Finding], bool]

MOST_LOOKS = 3
"""How often a run that comes further than the one before is looked at for what stops it there."""


@dataclass(frozen=True)
class Judged:
    """One rewrite and what the runs say of it."""

    finding: Finding
    verdict: Verdict | None
    """`None` when nothing was to be run."""
    kept: bool
    """Whether it is part of `Proof.after`."""


@dataclass(frozen=True)
class Proof:
    """A text, its repair, and how far the repair is proved."""

    before: str
    proposed: str
    """With every rewrite."""
    after: str
    """With those that were verified; with every rewrite when nothing was to be run."""
    judged: tuple[Judged, ...]
    remaining: tuple[Finding, ...]
    """Findings without a rewrite that may be applied."""
    verdict: Verdict | None
    """On `after` when anything of it was verified, else on `proposed`; `None` when nothing was run."""
    dropped: tuple[Finding, ...] = ()
    """Findings that the run contradicts: every gradient that they say is missing was there."""

    @property
    def kept(self) -> int:
        """How many rewrites are part of `after`."""
        return sum(each.kept for each in self.judged)


def prove(
    path: Path,
    text: str,
    rules: Sequence[type[Codemod]],
    *,
    verifier: Verifier | None,
    unsafe: bool = False,
    accept: Accept | None = None,
) -> Proof:
    """Repair a text and run it before and after.

    All rewrites are judged together, and each group that serves one query by itself. Where the sum fails while parts
    hold, the parts that hold together are kept and the culprits left out. The run before steers the repair: a finding
    whose gradients were all there is dropped, and what the text does not say is taken from what the run saw.

    Raises:
        ParseError: the text is not Python 3.
        BrokenRewriteError: a rule's rewrite is defective.
        DeviceError, SandboxError: what was asked for is not there.
    """
    if verifier is None:
        full = repair(text, rules, unsafe=unsafe, accept=accept)
        judged = tuple(Judged(finding, None, True) for finding in full.applied)
        return Proof(text, full.text, full.text, judged, full.remaining, None)
    steering = Steering(path, text, verifier)
    plan = _plan(text, rules, steering, unsafe)
    full = plan.repair(accept)
    if full.applied:
        prover = _Prover(path, text, verifier, plan, accept, full)
        proof = prover.prove()
        for _ in range(MOST_LOOKS):
            further = prover.further(proof, steering)
            if further is None:
                break
            again = further.prove()
            if again.kept <= proof.kept:
                break
            prover, proof = further, again
    else:
        proof = Proof(text, text, text, (), full.remaining, None)
    whole = proof.verdict is not None and proof.verdict.whole
    known = (*proof.remaining, *(each.finding for each in proof.judged))
    explained = () if whole else steering.explained(proof.after, rules, known)
    return replace(proof, remaining=(*proof.remaining, *explained), dropped=plan.dropped)


@dataclass(frozen=True)
class _Plan:
    """How a text is repaired in the light of its evidence."""

    text: str
    rules: Sequence[type[Codemod]]
    unsafe: bool
    observations: Observations | None
    dropped: tuple[Finding, ...]
    choices: dict[tuple[str, int], int] = field(default_factory=dict)
    """Which of its rewrites is taken for a finding, where it is not the preferred one."""

    def repair(self, accept: Accept | None) -> Repair:
        """The repair, of what is accepted and not contradicted."""
        contradicted = {identity(finding) for finding in self.dropped}

        def wanted(finding: Finding) -> bool:
            return identity(finding) not in contradicted and (accept is None or accept(finding))

        found = repair(
            self.text,
            self.rules,
            unsafe=self.unsafe,
            accept=wanted,
            observations=self.observations,
            choose=self._choose if self.choices else None,
        )
        remaining = tuple(finding for finding in found.remaining if identity(finding) not in contradicted)
        return replace(found, remaining=remaining)

    def _choose(self, finding: Finding) -> Rewrite | None:
        number = self.choices.get(identity(finding), 0)
        return finding.rewrites[number] if number < len(finding.rewrites) else finding.rewrite

    def others(self, findings: Iterable[Finding]) -> Iterator[_Plan]:
        """The plans that take another rewrite for one of the findings, in the order of preference."""
        for finding in findings:
            if identity(finding) not in self.choices:
                for number in range(1, len(finding.rewrites)):
                    yield replace(self, choices={**self.choices, identity(finding): number})


def _plan(text: str, rules: Sequence[type[Codemod]], steering: Steering, unsafe: bool) -> _Plan:
    """What the static reading finds, less what the run contradicts, with what only the run could tell it."""
    found = repair(text, rules, unsafe=unsafe)
    observations = None
    if steering.unclaimed(found.applied):
        observations = steering.observations()
        if observations:
            found = repair(text, rules, unsafe=unsafe, observations=observations)
    # Where nothing was rewritten, what remains stands at the lines that the run knows.
    dropped = tuple(finding for finding in found.applied or found.remaining if steering.contradicts(finding))
    return _Plan(text, rules, unsafe, observations, dropped)


class _Prover:
    def __init__(
        self,
        path: Path,
        text: str,
        verifier: Verifier,
        plan: _Plan,
        accept: Accept | None,
        full: Repair,
    ) -> None:
        self.path = path
        self.text = text
        self.verifier = verifier
        self.plan = plan
        self.accept = accept
        self.full = full
        self.units = units_of(full.applied)

    def prove(self) -> Proof:
        """Judge the sum, then the parts."""
        total = self._judge(self.full.text, self.full.applied)
        if total.status is VerdictStatus.REJECTED:
            for plan in self.plan.others(self.full.applied):
                other = _Prover(self.path, self.text, self.verifier, plan, self.accept, plan.repair(self.accept))
                if other._judge(other.full.text, other.full.applied).status is VerdictStatus.VERIFIED:
                    return other.prove()
        if total.unreached and len(self.units) > 1:
            return self._without_unreached(total)
        # One query that the run does not come by must not keep the others from their verdict.
        hopeless = total.status is VerdictStatus.NOT_RUN and len(self.units) == 1
        if hopeless or len(self.full.applied) == 1:
            verified = total.status is VerdictStatus.VERIFIED
            judged = tuple(Judged(finding, total, verified) for finding in self.full.applied)
            kept = self.full if verified else self._with(())
            return Proof(self.text, self.full.text, kept.text, judged, self._left(kept.remaining, kept.text), total)
        if total.status is VerdictStatus.VERIFIED:
            return self._all_kept(total)
        return self._parts(total)

    def further(self, proof: Proof, steering: Steering) -> _Prover | None:
        """The repair with what a run of the repaired text has seen beyond the point where the script raised before."""
        if not proof.kept or (proof.verdict is not None and proof.verdict.whole):
            return None
        seen = steering.observations_after(proof.after)
        if not seen:
            return None
        known = self.plan.observations
        plan = replace(self.plan, observations=seen if known is None else known.joined(seen))
        full = plan.repair(self.accept)
        if len(full.applied) <= len(self.full.applied):
            return None
        return _Prover(self.path, self.text, self.verifier, plan, self.accept, full)

    def _without_unreached(self, total: Verdict) -> Proof:
        """Rewrites for queries that no run comes by are left out, and the rest is judged by itself."""
        dead = [unit for unit in self.units if unit.queries <= total.unreached]
        silent = tuple(finding for unit in dead for finding in unit.findings)
        lively = [finding for finding in self.full.applied if finding not in silent]
        if not silent or not lively:
            return self._parts(total)
        rest = _Prover(self.path, self.text, self.verifier, self.plan, self._only(lively), self._with(lively)).prove()
        judged = {judged.finding: judged for judged in rest.judged}
        for unit in dead:
            verdict = self._judge(self._with(unit.findings).text, unit.findings)
            judged |= {finding: Judged(finding, verdict, False) for finding in unit.findings}
        ordered = tuple(judged[finding] for finding in self.full.applied if finding in judged)
        left = self._left(rest.remaining, rest.after)
        return Proof(self.text, self.full.text, rest.after, ordered, left, rest.verdict)

    def _all_kept(self, total: Verdict) -> Proof:
        verdicts: dict[Finding, Verdict] = {}
        for unit in self.units if len(self.units) > 1 else ():
            verdict = self._judge(self._with(unit.findings).text, unit.findings)
            # What holds only together with the rest has the verdict on the sum.
            for finding in unit.findings:
                verdicts[finding] = verdict if verdict.status is VerdictStatus.VERIFIED else total
        judged = tuple(Judged(finding, verdicts.get(finding, total), True) for finding in self.full.applied)
        return Proof(self.text, self.full.text, self.full.text, judged, self.full.remaining, total)

    def _parts(self, total: Verdict) -> Proof:
        """Keep as many rewrites as hold together."""
        verdicts: dict[Finding, Verdict] = {}
        kept: list[Finding] = []
        verdict = total
        for unit in self.units:
            part, verdict_of_part, verdict_of_whole = self._best_part(unit, total)
            for finding in unit.findings:
                verdicts[finding] = verdict_of_part if finding in part else verdict_of_whole
            if not part:
                continue
            together = [*kept, *part]
            sum_so_far = self._judge(self._with(together).text, together) if kept else verdict_of_part
            if sum_so_far.status is VerdictStatus.VERIFIED:
                kept, verdict = together, sum_so_far
            else:
                for finding in part:
                    verdicts[finding] = sum_so_far
        last = self._with(kept)
        judged = tuple(Judged(finding, verdicts.get(finding, total), finding in kept) for finding in self.full.applied)
        left = self._left(last.remaining, last.text)
        return Proof(self.text, self.full.text, last.text if kept else self.text, judged, left, verdict)

    def _left(self, remaining: Iterable[Finding], text: str) -> tuple[Finding, ...]:
        """The findings that a part of the repair leaves, but those that were judged; by the lines of its text."""
        judged = {identity(finding) for finding in self.full.applied}
        origins = line_origins(self.text, text)
        return tuple(f for f in remaining if (f.code, origins[min(f.range.line, len(origins) - 1)]) not in judged)

    def _best_part(self, unit: Unit, total: Verdict) -> tuple[tuple[Finding, ...], Verdict, Verdict]:
        """The largest part of a unit that is verified: all of it, all but one, or one alone.

        With the verdict on that part, and the one on the whole.
        """
        whole = total if len(self.units) == 1 else self._judge(self._with(unit.findings).text, unit.findings)
        if whole.status is VerdictStatus.VERIFIED:
            return unit.findings, whole, whole
        if len(unit.findings) < 2:
            return (), whole, whole
        smaller = [tuple(f for f in unit.findings if f is not left_out) for left_out in unit.findings]
        if len(unit.findings) > 2:
            smaller += [(finding,) for finding in unit.findings]
        for part in smaller:
            verdict = self._judge(self._with(part).text, part)
            if verdict.status is VerdictStatus.VERIFIED:
                return part, verdict, whole
        return (), whole, whole

    def _with(self, findings: Iterable[Finding]) -> Repair:
        """The repair with only these rewrites, and what they uncover."""
        return self.plan.repair(self._only(findings))

    def _only(self, findings: Iterable[Finding]) -> Accept:
        wanted = {identity(finding) for finding in findings}
        known = {identity(finding) for finding in self.full.applied}

        def accept(finding: Finding) -> bool:
            if self.accept is not None and not self.accept(finding):
                return False
            return identity(finding) in wanted or identity(finding) not in known

        return accept

    def _judge(self, text: str, findings: Sequence[Finding]) -> Verdict:
        claims = frozenset(line for finding in findings for line in finding.queries)
        keeps = frozenset(line for finding in findings for line in finding.keeps)
        allowed = _declared(findings, whole=self.plan.unsafe)
        return self.verifier.judge(self.path, self.text, text, claims=claims, keeps=keeps, allowed=allowed)


def _declared(findings: Sequence[Finding], *, whole: bool) -> Allowed:
    """What the rewrites change by declaration, each for the queries that it claims.

    Where unsafe rewrites are asked for, a gradient may be made `whole` by any: often only the run shows that it lacks
    a part.
    """
    lines: dict[Allowance, frozenset[int]] = {}
    if whole:
        lines[Allowance.WHOLE] = frozenset(line for finding in findings for line in finding.queries)
    for finding in findings:
        for allowance in finding.rewrite.allows if finding.rewrite is not None else ():
            lines[allowance] = lines.get(allowance, frozenset()) | finding.queries
    return Allowed(lines)
