"""What the report of many files shows of each, as plain data that is embedded in its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tapefix.finding import Finding
from tapefix.report.drawing import BOX, draw
from tapefix.report.findings import help_text
from tapefix.report.lines import visible
from tapefix.report.results import FileResult, status_of
from tapefix.report.side_by_side import rows
from tapefix.report.why import by_breaks
from tapefix.source.errors import SourceError
from tapefix.verify.verdict import Change, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tapefix.proof import Judged
    from tapefix.verify import Verifier
    from tapefix.why import Explanation, QueryAccount, SourceAccount

MOST_CHANGES = 40
"""Sources of one verdict that are listed: a model has hundreds of weights."""


@dataclass(frozen=True)
class PageFile:
    """One file of a report."""

    result: FileResult
    state: str
    """The end state, as it is shown."""
    reason: str = ""
    seconds: float = 0.0
    paths: Sequence[dict[str, Any]] = ()
    """Where its gradients went, as `paths_data` makes it; empty where no run was asked."""
    attempts: Sequence[str] = ()
    """What a run tried beyond its working copy."""
    cached: bool = False

    @property
    def codes(self) -> list[str]:
        """The rules that had something to say, each once."""
        proof = self.result.proof
        judged = [each.finding.code for each in proof.judged] if proof is not None else []
        return sorted({*judged, *(finding.code for finding in self.result.findings)})

    @property
    def rewrites(self) -> int:
        """How many rewrites were judged."""
        return len(self.result.proof.judged) if self.result.proof is not None else 0


def file_data(file: PageFile) -> dict[str, Any]:
    """Everything that is shown when a file is opened."""
    result = file.result
    proof = result.proof
    verdict = proof.verdict if proof is not None else None
    data: dict[str, Any] = {
        "name": result.name,
        "state": file.state,
        "reason": file.reason,
        "written": result.written,
        "error": None if result.error is None else str(result.error),
        "diff": list(_diff(result)),
        "rewrites": [_rewrite(each) for each in proof.judged] if proof is not None else [],
        "verdict": None if verdict is None else _verdict(verdict),
        "findings": [_finding(finding) for finding in result.findings],
        "notices": [f"line {notice.line}: {notice.message}" for notice in result.notices],
        "attempts": list(file.attempts),
        "paths": list(file.paths),
    }
    return {key: _shown(value) for key, value in data.items() if value not in (None, [], "", False)}


def _shown(value: Any) -> Any:
    """Data whose texts are fit to be seen: control characters as their pictures, no half characters."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    return [_shown(each) for each in value] if isinstance(value, list) else value


def paths_data(explanation: Explanation) -> list[dict[str, Any]]:
    """The paths of the queries without a gradient as drawings."""
    return [_path(query, groups) for query in explanation.queries if (groups := by_breaks(query))]


def paths_seen(verifier: Verifier, path: Path, text: str) -> list[dict[str, Any]]:
    """The drawings of a text that is run for them; none where it cannot be run: the verdict says why."""
    from tapefix.verify import VerifyError
    from tapefix.why import explain

    try:
        return paths_data(explain(verifier, path, text))
    except VerifyError:
        return []


def _path(query: QueryAccount, groups: list[list[SourceAccount]]) -> dict[str, Any]:
    drawing = draw(query, groups)
    boxes = {id(box): number for number, box in enumerate(drawing.boxes)}
    return {
        "title": f"d {query.target}",
        "line": str(query.line),
        "outcome": query.error or "None",
        "width": drawing.width,
        "height": drawing.height,
        "box": list(BOX),
        "more": drawing.left_out,
        "boxes": [
            {
                "title": box.title,
                "about": box.subtitle,
                "where": "" if box.line is None else f"{box.file + ':' if box.file else 'line '}{box.line}",
                "kind": "break" if box.note == "broken" else box.kind,
                "at": [box.x, box.y],
            }
            for box in drawing.boxes
        ],
        "arrows": [[arrow.curve, arrow.broken, boxes[id(arrow.end)]] for arrow in drawing.arrows],
    }


def _diff(result: FileResult) -> Iterator[dict[str, Any]]:
    if result.source is None or result.proof is None or result.shown_text == result.source.text:
        return
    try:
        changes = result.source.changes(result.shown_text)
    except SourceError:
        # What cannot be put back into the cells was not written either; the reason says so.
        return
    for name, before, after in changes:
        yield {"name": name, "rows": rows(before, after)}


def _rewrite(judged: Judged) -> dict[str, Any]:
    finding = judged.finding
    title = finding.rewrite.title if finding.rewrite is not None else finding.message
    told: dict[str, Any] = {
        "code": finding.code,
        "line": str(finding.range.line),
        "title": title,
        "message": finding.message,
        "status": status_of(judged),
        "kept": judged.kept,
    }
    if not judged.kept and judged.verdict is not None:
        told["reason"] = judged.verdict.reason
    return told


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "line": str(finding.range.line),
        "message": finding.message,
        "advice": help_text(finding),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    changes = [each for each in verdict.changes if each.repaired or each.before.state != each.after.state]
    conditions = (
        verdict.device,
        verdict.tensorflow_version and f"TensorFlow {verdict.tensorflow_version}",
        verdict.python_version and f"Python {verdict.python_version}",
        verdict.tolerance and f"tolerance {verdict.tolerance:.2g}",
        verdict.sandbox,
    )
    return {
        "status": verdict.status.value,
        "reason": verdict.reason,
        "changes": [_change(change) for change in changes[:MOST_CHANGES]],
        "more": max(len(changes) - MOST_CHANGES, 0),
        "still": list(verdict.still_none[:MOST_CHANGES]),
        "notes": [*(f"allowed: {text}" for text in verdict.allowed), *verdict.notes],
        "conditions": [text for text in conditions if text],
    }


def _change(change: Change) -> dict[str, Any]:
    check = change.check
    told: dict[str, Any] = {
        "line": str(change.line),
        "query": f"d {change.target or 'target'} / d {change.source}",
        "before": str(change.before),
        "after": str(change.after),
        "good": change.repaired,
    }
    if check is not None and check.unchecked is not None:
        told["unchecked"] = check.unchecked
    elif check is not None:
        told["tape"], told["differences"] = (
            "" if value is None else f"{value:.6g}" for value in (check.by_tape, check.by_differences)
        )
        told["tolerance"] = "" if check.tolerance is None else f"{check.tolerance:.2g}"
    return told
