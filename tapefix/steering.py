"""What a run of the text before says to its repair: which findings it contradicts, what the reading could not know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tapefix.codemod import Codemod
from tapefix.finding import Applicability, Finding, Range, Related
from tapefix.source.errors import ParseError
from tapefix.source.linemap import line_origins
from tapefix.tapes.observed import Observations
from tapefix.tapes.reading import Reading
from tapefix.verify import DeviceError, SandboxError, VerifyError

if TYPE_CHECKING:
    from tapefix.verify import Evidence, Verifier
    from tapefix.verify.evidence import Query
    from tapefix.why import Break, QueryAccount, SourceAccount

SEEN = "the break was seen in a run; the text alone does not say how to mend it"
SEEN_ELSEWHERE = "the break was seen in a run, in another file than the one that is repaired"
"""Why an explained finding has no rewrite."""


class Steering:
    """One text and its evidence. A script that cannot be run has none, and the static reading stands alone."""

    def __init__(self, path: Path, text: str, verifier: Verifier) -> None:
        self._path = path
        self._text = text
        self._verifier = verifier
        self._evidence: Evidence | None = None
        try:
            self._evidence = verifier.evidence(path, text)
        except (DeviceError, SandboxError):
            raise
        except VerifyError:
            return

    @property
    def broken(self) -> frozenset[int]:
        """Lines of the queries that gave no gradient for some source."""
        return broken_lines(self._evidence)

    def contradicts(self, finding: Finding) -> bool:
        """Whether a finding says that a gradient is missing, and every time that the run came by it was there."""
        if self._evidence is None or not finding.queries or not self._evidence.end.regular:
            return False
        # Who asks for the gradient of nothing, an empty list, is not answered either.
        asked = [
            query for query in self._evidence.queries if query.sources and query.error is None and not _silent(query)
        ]
        empty = {query.line for query in self._evidence.queries if not query.sources}
        answered = {query.line for query in asked} - self.broken - empty
        return finding.queries <= answered

    def unclaimed(self, findings: Iterable[Finding]) -> frozenset[int]:
        """Lines of the broken queries that no finding promises to repair."""
        claimed = {line for finding in findings for line in finding.queries}
        return self.broken - claimed - _expected(self._text)

    def observations(self) -> Observations | None:
        """What a traced run saw of the expressions of the text; None when it cannot be run."""
        try:
            rows = self._verifier.traced(self._path, self._text).observed
        except VerifyError:
            return None
        return Observations.of(rows, _partial_lines(self._evidence))

    def observations_after(self, text: str) -> Observations | None:
        """What a run of the repaired `text` saw, by the lines before, where it lacks a gradient that no run before had.

        A script that raised at its first break comes to the next one only when that is mended.
        """
        evidence = self._rerun(text)
        origins = line_origins(self._text, text)
        reached = {query.line for query in self._evidence.queries} if self._evidence is not None else set()
        if not any(origins[line] not in reached for line in broken_lines(evidence) if line < len(origins)):
            return None
        try:
            rows = self._verifier.traced(self._path, text).observed
        except VerifyError:
            return None
        return Observations.of({**row, "line": origins[min(int(row["line"]), len(origins) - 1)]} for row in rows)

    def explained(self, text: str, rules: Sequence[type[Codemod]], known: Iterable[Finding]) -> tuple[Finding, ...]:
        """Advice for each break that keeps a gradient away in a run of `text`, and that none of `known` speaks of."""
        from tapefix.why import explain

        if not broken_lines(self._rerun(text)):
            return ()
        try:
            explanation = explain(self._verifier, self._path, text)
        except VerifyError:
            return ()
        known = tuple(known)
        # What stands in the way of a query, and is left, comes first: what else is behind it, `why` says.
        blocked = {line for finding in known if _is_left(finding) for line in finding.queries}
        spoken = {(finding.code, line) for finding in known for line in finding.queries}
        found: dict[tuple[str, Range], Finding] = {}
        names = {rule.code: rule for rule in rules}
        expected = _expected(text)
        for query in explanation.queries:
            if query.line in expected or query.line in blocked:
                continue
            for account in query.missing:
                for broken in account.breaks:
                    finding = _advice(query, account, broken, names)
                    if finding is not None and (finding.code, query.line) not in spoken:
                        found.setdefault((finding.code, finding.range), finding)
        return tuple(sorted(found.values(), key=lambda finding: finding.key))

    def _rerun(self, text: str) -> Evidence | None:
        if text == self._text or self._evidence is None:
            return self._evidence
        try:
            return self._verifier.evidence(self._path, text)
        except VerifyError:
            return None


def _expected(text: str) -> frozenset[int]:
    """The lines of the queries that are expected to give nothing; none when the text cannot be read."""
    try:
        return Reading(text).expected
    except ParseError:
        return frozenset()


def _is_left(finding: Finding) -> bool:
    return finding.rewrite is None or finding.applicability is not Applicability.SAFE


def _silent(query: Query) -> bool:
    """Whether a query gave zeros for every source: the gradient of `tf.sign` is there, and says nothing."""
    return bool(query.answers) and all(answer.get("norm") == 0.0 for answer in query.answers)


def broken_lines(evidence: Evidence | None) -> frozenset[int]:
    """Lines of the queries of a run that gave no gradient for some source."""
    if evidence is None:
        return frozenset()
    return frozenset(pair.query.line for pair in evidence.pairs() if pair.broken)


def _partial_lines(evidence: Evidence | None) -> frozenset[int]:
    """Lines of the queries that gave a gradient for some of their sources, and none for others."""
    if evidence is None:
        return frozenset()
    lost, found = (
        {pair.query.line for pair in evidence.pairs() if pair.query.error is None and pair.broken is broken}
        for broken in (True, False)
    )
    return frozenset(lost & found)


def _advice(
    query: QueryAccount, account: SourceAccount, broken: Break, rules: dict[str, type[Codemod]]
) -> Finding | None:
    from tapefix.why.rules import rule_of
    from tapefix.why.sentences import sentence

    rule = rules.get(rule_of(broken) or "")
    if rule is None:
        return None
    asked = Range(query.line, 0, query.line, 0)
    place = broken.place
    elsewhere = place is None or bool(place.path)
    message = sentence(broken, account)
    if place is not None and place.path:
        message = f"{place.path}:{place.line}: {message}"
    where = asked if place is None or elsewhere else place.range
    about = f"d {query.target} / d {account.label}"
    return Finding(
        code=rule.code,
        name=rule.name,
        message=message,
        range=where,
        applicability=Applicability.ADVICE,
        reason=SEEN_ELSEWHERE if place is not None and place.path else SEEN,
        queries=frozenset({query.line}),
        related=() if where == asked else (Related(asked, about),),
    )
