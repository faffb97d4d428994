"""The account of a script's missing gradients, as an editor shows it: at the break, with the path that leads there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tapefix.editor.elsewhere import Elsewhere
from tapefix.editor.runs.messages import Explain, Explained, Script
from tapefix.editor.runs.telling import query_lines, query_marks
from tapefix.finding import Applicability, Finding, Range, Related
from tapefix.mending import contained
from tapefix.registry import load_rules
from tapefix.report.lines import plain
from tapefix.report.why import by_breaks, why_lines
from tapefix.source.lines import Lines
from tapefix.source.parsing import parse
from tapefix.source.text import SourceText
from tapefix.verify import Evidence, Verifier
from tapefix.verify.concluding import nothing_reached
from tapefix.verify.evidence import Pair
from tapefix.why import Break, Explanation, Place, QueryAccount, SourceAccount, Step, explain
from tapefix.why.endings import EMPTY
from tapefix.why.rules import rule_of
from tapefix.why.sentences import sentence

NO_RULE = "why"
"""The code of a break that no rule speaks of."""
SHOWN = 3
"""Sources with the same break whose names are listed."""
WIDE = 60
"""Characters of an expression that are shown."""
STEPS = 24
"""Steps of a path that are shown; of a longer one the beginning and the end."""


def explained(task: Explain, source: SourceText, verifier: Verifier) -> Explained:
    """Run a script, and say of each break where it is and how the path leads there.

    Raises:
        SourceError: the text is not Python 3.
        VerifyError: nothing can be run: no usable interpreter, device or sandbox.
    """
    script = task.script
    contained(source, lambda: parse(source))
    verifier.call_lines(script.path, source.naming)
    found = explain(verifier, script.path, script.text)
    evidence = verifier.traced(script.path, script.text)
    telling = _Telling(script, verifier.project, evidence)
    findings = tuple(telling.findings(found))
    page = ""
    if task.page:
        from tapefix.report.why_page import render

        page = render(script.name, source, found)
    return Explained(
        sentence=f"{script.name}: {_sentence(found, evidence, findings, task.line, verifier)}",
        details=plain(why_lines(found, script.name)),
        broken=found.broken,
        findings=findings,
        lines=query_lines(evidence, telling.reason),
        marks=query_marks(evidence),
        page=page,
    )


class _Telling:
    """Turns accounts into findings of one script."""

    def __init__(self, script: Script, project: Path, evidence: Evidence) -> None:
        self._script = script
        self._project = project
        self._evidence = evidence
        self._lines = Lines(script.text)
        self._names = {rule.code: rule.name for rule in load_rules()}

    def findings(self, found: Explanation) -> Iterator[Finding]:
        seen = set()
        for query in found.queries:
            for group in by_breaks(query):
                for broken in group[0].breaks:
                    finding = self._finding(query, group, broken)
                    if (finding.code, finding.range, finding.message) not in seen:
                        seen.add((finding.code, finding.range, finding.message))
                        yield finding
        if found.stop is not None:
            yield self._stop(found, found.stop)

    def reason(self, pair: Pair) -> str:
        """Why a query has no gradient for a source."""
        why = pair.query.why[pair.index] if pair.index < len(pair.query.why) else None
        if not why:
            return ""
        account = SourceAccount.of(pair.label, why)
        return "; ".join(f"{sentence(broken, account)}{_at(broken.place)}" for broken in account.breaks)

    def _finding(self, query: QueryAccount, group: list[SourceAccount], broken: Break) -> Finding:
        account = group[0]
        asked = self._query(query.line)
        labels = ", ".join(member.label for member in group[:SHOWN])
        more = f" and {len(group) - SHOWN} more" if len(group) > SHOWN else ""
        about = f"d {query.target} / d {labels}{more}"
        outcome = f"raises {query.error.partition(':')[0]}" if query.error else "is None"
        here = broken.place is not None and not broken.place.path
        where = broken.place.range if here and broken.place is not None else asked
        message = sentence(broken, account)
        if broken.place is not None and not here:
            message = f"{broken.place}: {message}"
        return self._made(
            rule_of(broken),
            message,
            where,
            f"Seen in a run: {about} {outcome}.",
            frozenset({query.line}),
            (Related(asked, f"{about} {outcome}"), *self._path(query, account)),
        )

    def _stop(self, found: Explanation, stop: Break) -> Finding:
        code = rule_of(stop)
        where = stop.place.range if stop.place is not None else self._line(found.end.line or 1)
        if code == EMPTY:
            message, reason = "The gradient of an empty list is asked for.", "Seen in a run."
        else:
            message, reason = "The run ends here, before it can ask for a gradient.", ""
        if not found.end.regular:
            reason = f"Seen in a run: {found.end.type}: {' '.join(found.end.message.split())[:200]}"
        return self._made(code, message, where, reason, frozenset(), ())

    def _made(
        self,
        code: str | None,
        message: str,
        where: Range,
        reason: str,
        queries: frozenset[int],
        related: tuple[Related, ...],
    ) -> Finding:
        return Finding(
            code=code or NO_RULE,
            name=self._names.get(code or "", NO_RULE),
            message=message,
            range=where,
            applicability=Applicability.ADVICE,
            reason=reason,
            queries=queries,
            related=related,
        )

    def _path(self, query: QueryAccount, account: SourceAccount) -> Iterator[Related]:
        """The steps from the source to the target, each at its place."""
        broken = {found.place for found in account.breaks}
        count = len(account.path)
        for number, step in enumerate(account.path, start=1):
            if step.place is None or STEPS // 2 < number <= count - STEPS // 2:
                continue
            mark = "✗ " if step.fault and step.place in broken else ""
            begin = f"from {account.label} ({account.source}): " if number == 1 else ""
            name = query.target if number == count else step.value.name if step.value is not None else ""
            value = f" → {name + ' ' if name else ''}{step.value}" if step.value is not None else ""
            message = f"{mark}{number} of {count}: {begin}{_step(step)}{value}"
            if step.place.path:
                yield Elsewhere(step.place.range, message, path=self._project / step.place.path)
            else:
                yield Related(step.place.range, message)

    def _query(self, line: int) -> Range:
        """Where the query of a line stands."""
        site = next((site for site in self._evidence.sites if site.line == line), None)
        if site is None:
            return self._line(line)
        start, end = self._column(site.line, site.column), self._column(site.end_line, site.end_column)
        return Range(site.line, start, site.end_line, end)

    def _line(self, line: int) -> Range:
        text = self._lines.line(min(line, self._lines.count))
        return Range(line, len(text) - len(text.lstrip()), line, len(text.rstrip()))

    def _column(self, line: int, column: int) -> int:
        """A column in code points, of one in UTF-8 bytes."""
        return len(self._lines.line(line).encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))


def _step(step: Step) -> str:
    """What a step does: its text, and the operations where there are several."""
    text = " ".join(step.place.text.split()) if step.place is not None else ""
    text = text if len(text) <= WIDE else text[: WIDE - 1] + "…"
    if len(step.ops) < 2:
        return text
    named = ", ".join(dict.fromkeys(step.ops[:4]))
    return f"{text} [{named}, … {len(step.ops)} operations]" if len(step.ops) > 4 else f"{text} [{named}]"


def _at(place: Place | None) -> str:
    return "" if place is None else f" ({place})"


def _sentence(
    found: Explanation, evidence: Evidence, findings: tuple[Finding, ...], line: int | None, verifier: Verifier
) -> str:
    """The account in one line."""
    if findings:
        first = next((finding for finding in findings if line in (finding.range.line, *finding.queries)), findings[0])
        code = "" if first.code == NO_RULE else f" ({first.code})"
        about = f" {first.reason}" if first.reason else ""
        others = {line for finding in findings for line in finding.queries} - first.queries
        plural = "query" if len(others) == 1 else "queries"
        rest = f" {len(others)} other {plural} without a gradient." if others else ""
        return f"line {first.range.line}: {first.message.rstrip('.')}{code}.{about}{rest}"
    if not found.answered:
        return nothing_reached(evidence, verifier.options)
    plural = "query" if found.answered == 1 else "queries"
    end = "" if found.end.regular else f" The run {found.end.describe()}."
    unreached = f" Not reached: the query at line {found.unreached[0]}." if found.unreached else ""
    return f"every gradient is there: {found.answered} {plural}.{end}{unreached}"
