"""Reports as plain data, for JSON. `schema-1.json` beside this file describes them; a change to it is a new number."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapefix import __version__
from tapefix.finding import Finding, Range
from tapefix.source.errors import SourceError
from tapefix.source.places import CellLine
from tapefix.source.text import SourceText
from tapefix.suppressions import Notice

if TYPE_CHECKING:
    from tapefix.codemod import Codemod
    from tapefix.proof import Judged
    from tapefix.verify.verdict import Verdict

SCHEMA = 1
SCHEMA_FILE = Path(__file__).with_name(f"schema-{SCHEMA}.json")


def document(command: str, **content: Any) -> str:
    """A whole report."""
    whole = {"schema": SCHEMA, "tapefix": __version__, "command": command, **content}
    return json.dumps(_with_cells(whole), indent=2) + "\n"


def _with_cells(value: Any) -> Any:
    """Data in which each line of a notebook is the line in its cell, with the number of the cell beside it."""
    if isinstance(value, (list, tuple)):
        return [_with_cells(each) for each in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, each in value.items():
        if isinstance(each, CellLine):
            found[key] = each.line
            if key.endswith("line") and key != "end_line":
                found[key.removesuffix("line") + "cell"] = each.cell
        elif isinstance(each, list) and each and all(isinstance(line, CellLine) for line in each):
            found[key] = [line.line for line in each]
            found[f"{key}_cells"] = [line.cell for line in each]
        else:
            found[key] = _with_cells(each)
    return found


def location(place: Range) -> dict[str, int]:
    """A range; lines and columns count from 1, the end is exclusive."""
    return {
        "line": place.line,
        "column": place.column + 1,
        "end_line": place.end_line,
        "end_column": place.end_column + 1,
    }


def finding_data(finding: Finding, source: SourceText | None = None) -> dict[str, Any]:
    """A finding; its edits are included when the text that its positions belong to is given."""
    data: dict[str, Any] = {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "applicability": finding.applicability.value,
        "reason": finding.reason,
        "location": location(finding.range),
        "queries": sorted(finding.queries),
        "related": [{"location": location(r.range), "message": r.message} for r in finding.related],
        "rewrite": None,
    }
    if finding.rewrite is not None:
        data["rewrite"] = {
            "title": finding.rewrite.title,
            "allows": sorted(allowance.value for allowance in finding.rewrite.allows),
        }
        if source is not None:
            position = source.lines.position
            data["rewrite"]["edits"] = [
                {
                    "location": location(Range(*position(edit.start), *position(edit.end)).called(source.named)),
                    "replacement": edit.replacement,
                }
                for edit in finding.rewrite.edits
            ]
    return data


def notice_data(notice: Notice) -> dict[str, Any]:
    """What there is to say of a place that is no finding."""
    place = Range(notice.line, notice.column, notice.line, notice.end_column)
    return {"location": location(place), "message": notice.message}


def error_data(error: SourceError) -> dict[str, Any]:
    """Why a file is left out, or was not written."""
    column = None if error.column is None else error.column + 1
    return {"message": error.message, "line": error.line, "column": column}


def judged_data(judged: Judged, status: str) -> dict[str, Any]:
    """A rewrite and what came of it; positions are those of the text when it was applied."""
    verdict = None if judged.verdict is None else judged.verdict.to_json()
    return {"finding": finding_data(judged.finding), "status": status, "kept": judged.kept, "verdict": verdict}


def verdict_data(verdict: Verdict | None) -> dict[str, Any] | None:
    """A verdict; None when nothing was run."""
    return None if verdict is None else verdict.to_json()


def rules_data(rules: Iterable[type[Codemod]]) -> list[dict[str, Any]]:
    """The rules, without their pages."""
    return [rule_data(rule) for rule in rules]


def rule_data(rule: type[Codemod]) -> dict[str, Any]:
    """One rule."""
    return {
        "code": rule.code,
        "name": rule.name,
        "applicability": rule.applicability.value,
        "reason": rule.reason,
        "summary": rule.page().partition("\n")[0],
    }
