"""Findings where they stand in a file as it is now: written or not, before or behind other rewrites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapefix.finding import Finding
from tapefix.report.results import FileResult
from tapefix.source.linemap import line_origins
from tapefix.source.text import SourceText

if TYPE_CHECKING:
    from tapefix.proof import Judged


@dataclass(frozen=True)
class Standing:
    """A finding that is still true of a file."""

    finding: Finding
    judged: Judged | None
    """Its rewrite and what came of it; None where nothing was tried."""
    exact: bool
    """Whether its columns and edits are those of the file, and not only its lines."""


def text_now(result: FileResult) -> SourceText | None:
    """The text that the file holds now; None when it could not be read."""
    if result.source is None or result.proof is None or not result.written:
        return result.source
    return result.source.with_text(result.proof.after)


def standing(result: FileResult) -> list[Standing]:
    """The findings of a file by position: what remains, and what would be rewritten but is not written."""
    return sorted(_standing(result), key=lambda each: each.finding.key)


def _standing(result: FileResult) -> Iterator[Standing]:
    proof = result.proof
    now = text_now(result)
    if proof is None or now is None:
        yield from (Standing(finding, None, True) for finding in result.findings)
        return
    exact = _Exact(result, now)
    for judged in proof.judged:
        if not (judged.kept and result.written):
            found = exact.take(judged.finding, judged.finding.range.line)
            yield Standing(found or judged.finding, judged, found is not None)
    origins = line_origins(proof.before, proof.after)
    for finding in result.findings:
        if now.text == proof.after:
            yield Standing(finding, None, True)
        else:
            found = exact.take(finding, origins[min(finding.range.line, len(origins) - 1)])
            yield Standing(found or finding, None, found is not None)


class _Exact:
    """What the rules find in a text by itself, by code and by the line before all rewrites."""

    def __init__(self, result: FileResult, now: SourceText) -> None:
        from tapefix.engine import check
        from tapefix.registry import load_rules

        assert result.proof is not None
        judged = [each.finding for each in result.proof.judged]
        codes = {finding.code for finding in (*judged, *result.findings)}
        rules = [rule for rule in load_rules() if rule.code in codes]
        origins = line_origins(result.proof.before, now.text)
        self._found: dict[tuple[str, int], list[Finding]] = defaultdict(list)
        for finding in check(now.text, rules) if judged else ():
            self._found[finding.code, origins[finding.range.line]].append(finding)

    def take(self, finding: Finding, line: int) -> Finding | None:
        """The finding as it stands there, each once; None for one that only a run, or an earlier rewrite, shows."""
        found = self._found.get((finding.code, int(line)))
        return found.pop(0) if found else None
