"""From a comparison of two runs to the verdict, in words."""

from __future__ import annotations

from tapefix.verify.compare import Comparison
from tapefix.verify.evidence import Evidence
from tapefix.verify.options import RunOptions
from tapefix.verify.verdict import VerdictStatus


def nothing_reached(evidence: Evidence, options: RunOptions) -> str:
    """Say why a run came by no query, and what to do."""
    if not evidence.end.regular:
        return f"no query was reached: the run {evidence.end.describe()}"
    if not evidence.sites:
        return "no query was reached: the file asks no tape for a gradient"
    if options.run is not None:
        return (
            f"no query was reached: `{options.run}` (`--run`, or the setting `run`) does not lead to one in this file"
        )
    return (
        "no query was reached: the file defines functions and nothing calls them; "
        'name a script or module that does with `--run "script.py arguments"` or the setting `run`'
    )


def stopped_short(evidence: Evidence, options: RunOptions) -> str:
    """Say why a run came by no query, where it came to no good end either; nothing otherwise."""
    return "" if evidence.queries or evidence.end.regular else nothing_reached(evidence, options)


def conclude(comparison: Comparison, claims: frozenset[int] | None) -> tuple[VerdictStatus, str]:
    """The verdict on a comparison, and its reason."""
    findings = comparison.findings
    if findings.problems:
        return VerdictStatus.REJECTED, findings.problems[0]
    repaired = comparison.repaired()
    findings.unreached = comparison.not_reached()
    if not repaired:
        if findings.unreached:
            return VerdictStatus.NOT_RUN, _not_reached(comparison)
        if (
            comparison.before.queries
            and claims == frozenset()
            and not any(match.before.broken and comparison.claimed(match.before.query) for match in comparison.matches)
        ):
            return VerdictStatus.VERIFIED, "every gradient and value is unchanged"
        if not comparison.before.queries:
            return (
                VerdictStatus.NOT_RUN,
                f"no query was reached: the run before {comparison.before.end.describe()}, and so does the run after",
            )
        return VerdictStatus.REJECTED, "the run before gave every gradient already: nothing to repair"
    if findings.unreached:
        return VerdictStatus.NOT_RUN, _not_reached(comparison)
    count = len({pair.channel for _, pair in repaired})
    unchecked = sorted(
        {str(c.check.unchecked) for c in findings.changes if c.repaired and c.check and c.check.unchecked}
    )
    word = "gradient is" if count == 1 else "gradients are"
    reason = f"{count} {word} there that {'was' if count == 1 else 'were'} not, and every other value is unchanged"
    if findings.allowed:
        reason += " but for what the rewrite declares"
    if unchecked:
        reason += f"; not checked against differences: {', '.join(unchecked)}"
    return VerdictStatus.VERIFIED, reason


def _not_reached(comparison: Comparison) -> str:
    """Say which claimed queries the runs say nothing about, and why."""
    lines = sorted(comparison.findings.unreached)
    named = f"query at line {lines[0]} was" if len(lines) == 1 else f"queries at lines {_listed(lines)} were"
    end = comparison.after.end
    if not end.regular:
        return f"the {named} not reached: the run {end.describe()}"
    way_there = '`--run "script.py arguments"` or the setting `run`'
    return f"the {named} not reached; name a script that leads there with {way_there}"


def _listed(lines: list[int]) -> str:
    return ", ".join(str(line) for line in lines[:-1]) + f" and {lines[-1]}"
