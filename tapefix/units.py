"""Rewrites grouped by the queries that they serve: what a run can judge by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tapefix.finding import Finding


@dataclass(frozen=True)
class Unit:
    """Rewrites that serve the same queries, so that a run can only judge them together."""

    findings: tuple[Finding, ...]

    @property
    def queries(self) -> frozenset[int]:
        """The lines of the queries."""
        return frozenset(line for finding in self.findings for line in finding.queries | finding.keeps)


def identity(finding: Finding) -> tuple[str, int]:
    """What a finding is known by while the text around it changes."""
    # Columns shift when a neighbour on the line is rewritten first; lines are those of the text before all rewrites.
    return finding.code, finding.range.line


def units_of(findings: Sequence[Finding]) -> list[Unit]:
    """Group findings that share a query, directly or through others."""
    groups: list[tuple[set[int], list[Finding]]] = []
    for finding in findings:
        queries, members = set(finding.queries | finding.keeps), [finding]
        separate: list[tuple[set[int], list[Finding]]] = []
        for lines, others in groups:
            if lines & queries:
                queries |= lines
                members = [*others, *members]
            else:
                separate.append((lines, others))
        groups = [*separate, (queries, members)]
    order = {id(finding): index for index, finding in enumerate(findings)}
    units = [Unit(tuple(sorted(members, key=lambda f: order[id(f)]))) for _, members in groups]
    return sorted(units, key=lambda unit: order[id(unit.findings[0])])
