"""What a run has found, line by line, in Markdown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher

from tapefix.finding import Finding
from tapefix.report.lines import plain
from tapefix.report.verdicts import verdict_lines
from tapefix.source.lines import Lines
from tapefix.verify import Evidence, Verdict
from tapefix.verify.describe import outcome
from tapefix.verify.evidence import Pair

SHOWN = 6
"""Sources of one query that are shown one by one: a model has hundreds of weights."""

Reason = Callable[[Pair], str]
"""Says why a query has no gradient for a source; nothing when that is not known."""


def query_lines(evidence: Evidence, reason: Reason) -> dict[int, str]:
    """For the line of each query that the run has asked, what it answered."""
    device = ", ".join(evidence.devices[-1:])
    head = f"**Last run**, {time.strftime('%H:%M:%S')}" + (f", {device}" if device else "")
    return {line: "\n".join([f"{head}:\n", *_answers(sources, reason)]) for line, sources in _by_line(evidence)}


def query_marks(evidence: Evidence) -> dict[int, str]:
    """The same in a few words."""
    return {line: _mark([_broken(pairs) for pairs in sources.values()]) for line, sources in _by_line(evidence)}


def _mark(broken: list[list[Pair]]) -> str:
    there = sum(not pairs for pairs in broken)
    raised = sum(bool(pairs) and pairs[-1].state == "raised" for pairs in broken)
    missing = len(broken) - there - raised
    counts = [f"{there} gradient{'s' * (there != 1)}"] if there or not broken else []
    counts += [f"{missing} None"] if missing else []
    counts += [f"{raised} raised"] if raised else []
    return f"last run: {', '.join(counts)}"


def _by_line(evidence: Evidence) -> Iterable[tuple[int, Mapping[tuple[str, str], list[Pair]]]]:
    """What was answered, by the lines of the queries, their targets and their sources."""
    found: dict[int, dict[tuple[str, str], list[Pair]]] = {}
    for pair in evidence.pairs():
        query = pair.query
        found.setdefault(query.line, {}).setdefault((query.target_text or "target", pair.label), []).append(pair)
    return found.items()


def _broken(pairs: Iterable[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair.broken]


def _answers(sources: Mapping[tuple[str, str], list[Pair]], reason: Reason) -> Iterator[str]:
    # What is missing comes first.
    ordered = sorted(sources.items(), key=lambda item: not _broken(item[1]))
    for (target, label), pairs in ordered[:SHOWN]:
        yield f"- d {_code(target)} / d {_code(label)}: {_answer(pairs, reason)}"
    rest = ordered[SHOWN:]
    if rest:
        there = sum(not _broken(pairs) for _, pairs in rest)
        missing = f", {len(rest) - there} without" if there < len(rest) else ""
        yield f"- and {len(rest)} more sources: {there} with a gradient{missing}"


def _answer(pairs: list[Pair], reason: Reason) -> str:
    """What was answered for one source; of several times the last one, or the last one without a gradient."""
    broken = _broken(pairs)
    last = (broken or pairs)[-1]
    text = str(outcome(last))
    if not broken:
        return text
    times = f" {len(broken)} of {len(pairs)} times" if len(broken) < len(pairs) else ""
    why = reason(last)
    return f"**{_plain(text)}**{times}" + (f" because {why}" if why else "")


def reasons_of(findings: Iterable[Finding]) -> Reason:
    """Reasons from findings, by the lines of the queries that they speak of."""
    found: dict[int, list[str]] = {}
    for finding in findings:
        for line in finding.queries:
            found.setdefault(line, []).append(f"{finding.message} ({finding.code}, line {finding.range.line})")
    return lambda pair: "; ".join(found.get(pair.query.line, ()))


def verdict_text(verdict: Verdict) -> str:
    """A verdict with everything that it rests on, as a block."""
    headline, *rest = plain(verdict_lines(verdict)).splitlines()
    body = "\n".join(line[2:] for line in rest)
    status, _, reason = headline.partition(": ")
    block = f"\n\n```text\n{body}\n```" if body else ""
    return f"**{status.capitalize()}** by a run, {time.strftime('%H:%M:%S')}: {reason}{block}"


def changed_lines(before: str, after: str) -> list[int]:
    """The lines of the later text that are not those of the earlier one."""
    old, new = (_lines(Lines(text)) for text in (before, after))
    found: list[int] = []
    for tag, _, _, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            found += range(start + 1, end + 1)
    return found


def joined(*parts: Mapping[int, str]) -> dict[int, str]:
    """What there is to say of each line, from several sides."""
    found: dict[int, list[str]] = {}
    for part in parts:
        for line, text in part.items():
            found.setdefault(line, []).append(text)
    return {line: "\n\n---\n\n".join(texts) for line, texts in found.items()}


def _lines(lines: Lines) -> list[str]:
    return [lines.line(number) for number in range(1, lines.count + 1)]


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


def _plain(text: str) -> str:
    """A text of which Markdown makes nothing else."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>#|" else character for character in text)
