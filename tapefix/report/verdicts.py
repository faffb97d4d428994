"""Verdicts as text: what was repaired, the figures behind it, and how it was run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tapefix.report.lines import Line

if TYPE_CHECKING:
    from tapefix.verify.verdict import Change, Verdict

SHOWN = 4
"""Sources of one query that are shown one by one: a model has hundreds of weights."""
_STYLES = {"verified": "good", "rejected": "bad", "not run": "unsure"}


def verdict_lines(verdict: Verdict, name: str = "") -> Iterator[Line]:
    """A verdict with everything that it rests on."""
    yield headline(verdict, name)
    for (line, target), changes in _by_query(verdict).items():
        for change in changes[:SHOWN]:
            yield from _change(change)
        if len(changes) > SHOWN:
            yield _the_rest(line, target, changes[SHOWN:])
    for text in verdict.still_none[:SHOWN]:
        yield (("  still without a gradient: ", "note"), (text, ""))
    if len(verdict.still_none) > SHOWN:
        yield (("  still without a gradient: ", "note"), (f"{len(verdict.still_none) - SHOWN} more", ""))
    for text in verdict.allowed[:SHOWN]:
        yield (("  allowed: ", "unsure"), (text, ""))
    if len(verdict.allowed) > SHOWN:
        yield (("  allowed: ", "unsure"), (f"{len(verdict.allowed) - SHOWN} more of that kind", ""))
    for note in verdict.notes:
        yield (("  note: ", "note"), (note, ""))
    conditions = list(_conditions(verdict))
    if conditions:
        yield (("  " + " · ".join(conditions), "dim"),)
    if verdict.sandbox:
        yield ((f"  {verdict.sandbox}", "dim"),)


def _by_query(verdict: Verdict) -> dict[tuple[int, str], list[Change]]:
    queries: dict[tuple[int, str], list[Change]] = {}
    for change in _interesting(verdict):
        queries.setdefault((change.line, change.target), []).append(change)
    return queries


def _the_rest(line: int, target: str, changes: list[Change]) -> Line:
    """What is not shown one by one, in one line; JSON has all of it."""
    repaired = sum(change.repaired for change in changes)
    checks = [change.check for change in changes if change.check is not None and change.check.unchecked is None]
    text = f"  line {line}: d {target or 'target'} / d {len(changes)} more sources: "
    checked = f", {len(checks)} of them checked against differences" if checks else ""
    return ((text, ""), (f"{repaired} with a gradient now{checked}", "good" if repaired == len(changes) else "bad"))


def headline(verdict: Verdict, name: str = "") -> Line:
    """The verdict in one line."""
    status = verdict.status.value
    where = f"{name}: " if name else ""
    return ((where, "place"), (status, _STYLES[status]), (f": {verdict.reason}" if verdict.reason else "", ""))


def _interesting(verdict: Verdict) -> Iterator[Change]:
    """What was repaired, each of it; of what is as before, nothing."""
    yield from (change for change in verdict.changes if change.repaired or change.before.state != change.after.state)


def _change(change: Change) -> Iterator[Line]:
    where = f"line {change.line}"
    # A line of a notebook's cell is where it was, whatever happened to the cells above.
    if str(change.after_line) != str(change.line):
        where += f" (now {change.after_line})"
    query = f"  {where}: d {change.target or 'target'} / d {change.source}: "
    style = "good" if change.repaired else "bad"
    yield ((query, ""), (_short(str(change.before)), "dim"), (" → ", ""), (_short(str(change.after)), style))
    if change.check is not None:
        checked = str(change.check)
        if change.check.unchecked is None:
            directions = change.check.directions
            plural = "s" if directions != 1 else ""
            checked = f"along {directions} direction{plural}: {checked} (tolerance {change.check.tolerance:.2g})"
        yield (("    ", ""), (checked, "note"))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:119] + "…"


def _conditions(verdict: Verdict) -> Iterator[str]:
    if verdict.device:
        yield verdict.device
    if verdict.tensorflow_version:
        yield f"TensorFlow {verdict.tensorflow_version}"
    if verdict.python_version:
        yield f"Python {verdict.python_version}"
    if verdict.tolerance:
        yield f"tolerance {verdict.tolerance:.2g}"
    if verdict.seconds:
        yield f"{verdict.seconds:.1f} s"
