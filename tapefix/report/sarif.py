"""SARIF 2.1.0: findings, rewrites and verdicts as code scanning services and editors read them."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tapefix import __version__
from tapefix.finding import Finding, Range
from tapefix.report import data
from tapefix.report.findings import help_text
from tapefix.report.results import FileResult, Totals, status_of
from tapefix.report.standing import Standing, standing, text_now
from tapefix.source.differing import edits_between
from tapefix.source.edits import Edit
from tapefix.source.errors import SourceError
from tapefix.source.lines import Lines
from tapefix.source.places import CellLine
from tapefix.source.text import SourceText
from tapefix.suppressions import Notice

if TYPE_CHECKING:
    from tapefix.codemod import Codemod

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINDS = re.compile(r"## What it finds\n\n(.+?)(?=\n\n##|\s*\Z)", re.DOTALL)
"""The part of a rule's page that describes it."""
BASE = "%SRCROOT%"
"""What the relative addresses of files are relative to: the current directory."""


def document(command: str, results: Sequence[FileResult], totals: Totals, started: datetime) -> str:
    """A whole log: one run of one command."""
    return json.dumps(_plain(_Log(command, results, totals, started).data()), indent=2) + "\n"


class _Log:
    def __init__(self, command: str, results: Sequence[FileResult], totals: Totals, started: datetime) -> None:
        self._command = command
        self._results = results
        self._totals = totals
        self._started = started
        self._rules: dict[str, int] = {}

    def data(self) -> dict[str, Any]:
        results = [
            self._result(each, number, text_now(file))
            for number, file in enumerate(self._results)
            for each in standing(file)
        ]
        driver = {"name": "tapefix", "version": __version__, "semanticVersion": __version__, "rules": self._described()}
        run = {
            "tool": {"driver": driver},
            "columnKind": "utf16CodeUnits",
            "newlineSequences": ["\r\n", "\n", "\r"],
            "originalUriBaseIds": {
                BASE: {"uri": _directory(), "description": {"text": "Where tapefix was started."}},
            },
            "invocations": [self._invocation()],
            "artifacts": [self._artifact(result) for result in self._results],
            "results": results,
        }
        return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}

    def _invocation(self) -> dict[str, Any]:
        code = self._totals.exit_code()
        said = {0: "nothing is left to do", 1: "findings remain, or files would change", 2: "files were left out"}
        return {
            "executionSuccessful": code != 2,
            "exitCode": code,
            "exitCodeDescription": said[code],
            "startTimeUtc": _time(self._started),
            "endTimeUtc": _time(datetime.now(timezone.utc)),
            "workingDirectory": {"uri": _directory()},
            "toolExecutionNotifications": [
                notification
                for number, result in enumerate(self._results)
                for notification in _notifications(result, number)
            ],
        }

    def _described(self) -> list[dict[str, Any]]:
        from tapefix.registry import load_rules

        known = {rule.code: rule for rule in load_rules()}
        return [_rule(known[code]) if code in known else {"id": code} for code in self._rules]

    def _artifact(self, result: FileResult) -> dict[str, Any]:
        artifact: dict[str, Any] = {
            "location": _location(result.name),
            "roles": ["analysisTarget"],
            "sourceLanguage": "python",
        }
        if result.source is not None and not result.written:
            artifact["encoding"] = result.source.encoding
            artifact["hashes"] = {"sha-256": hashlib.sha256(result.source.data).hexdigest()}
        proof = result.proof
        if proof is not None and proof.judged:
            rewrites = [data.judged_data(each, status_of(each)) for each in proof.judged if each.kept]
            artifact["properties"] = {
                "written": result.written,
                "verdict": data.verdict_data(proof.verdict),
                "rewrites": [_brief(each) for each in rewrites],
            }
        return artifact

    def _result(self, each: Standing, number: int, source: SourceText | None) -> dict[str, Any]:
        finding, judged = each.finding, each.judged
        assert source is not None
        advice = help_text(finding)
        properties: dict[str, Any] = {"applicability": finding.applicability.value}
        if finding.reason:
            properties["reason"] = finding.reason
        if judged is not None:
            properties |= {"status": status_of(judged), "kept": judged.kept}
            properties["verdict"] = data.verdict_data(judged.verdict)
        place = _Place(number, source)
        result: dict[str, Any] = {
            "ruleId": finding.code,
            "ruleIndex": self._rules.setdefault(finding.code, len(self._rules)),
            "level": _level(finding.code),
            "message": {"text": f"{finding.message}\n{advice}" if advice else finding.message},
            "locations": [place.location(finding.range, columns=each.exact)],
            "partialFingerprints": {"findingHash/v1": _fingerprint(finding, source)},
            "properties": properties,
        }
        related = [
            place.location(about.range, columns=each.exact, id=index, message=about.message)
            for index, about in enumerate(finding.related, start=1)
        ]
        if related:
            result["relatedLocations"] = related
        fix = place.fix(finding) if each.exact else None
        if fix is not None:
            result["fixes"] = [fix]
        return result


class _Place:
    """Positions in one file."""

    def __init__(self, number: int, source: SourceText) -> None:
        self._source = source
        self._artifact = {**_location(source.name), "index": number}

    def location(self, place: Range, *, columns: bool, id: int | None = None, message: str = "") -> dict[str, Any]:  # noqa: A002 - SARIF's word
        first = self._source.named(place.line)
        location: dict[str, Any] = {} if id is None else {"id": id}
        location["physicalLocation"] = {"artifactLocation": self._artifact, "region": self._region(place, columns)}
        if isinstance(first, CellLine):
            location["logicalLocations"] = [{"name": f"cell {first.cell}", "kind": "module"}]
            message = f"line {first.line} of cell {first.cell}" + (f": {message}" if message else "")
        if message:
            location["message"] = {"text": message}
        return location

    def _region(self, place: Range, columns: bool) -> dict[str, Any]:
        first, last = self._source.named(place.line), self._source.named(place.end_line)
        if isinstance(first, CellLine) and isinstance(last, CellLine):
            return {"startLine": first.file_line, "endLine": max(last.file_line, first.file_line)}
        if not columns:
            return {"startLine": int(first), "endLine": int(last)}
        return _region(self._source.lines, place)

    def fix(self, finding: Finding) -> dict[str, Any] | None:
        """What the rewrite of a finding changes in the file."""
        from tapefix.engine import apply_finding

        source = self._source
        if finding.rewrite is None:
            return None
        edits: Sequence[Edit] = finding.rewrite.edits
        lines = source.lines
        try:
            before = source.whole.removeprefix("\ufeff")
            if before != source.text:
                lines = Lines(before)
                after = source.with_text(apply_finding(source.text, finding)).whole
                edits = edits_between(before, after.removeprefix("\ufeff"))
        except SourceError:
            return None
        replacements = [
            {
                "deletedRegion": _region(lines, Range(*lines.position(edit.start), *lines.position(edit.end))),
                "insertedContent": {"text": edit.replacement},
            }
            for edit in edits
        ]
        changes = [{"artifactLocation": self._artifact, "replacements": replacements}]
        return {"description": {"text": finding.rewrite.title}, "artifactChanges": changes}


def _region(lines: Lines, place: Range) -> dict[str, Any]:
    return {
        "startLine": int(place.line),
        "startColumn": _units(lines.line(place.line)[: place.column]) + 1,
        "endLine": int(place.end_line),
        "endColumn": _units(lines.line(place.end_line)[: place.end_column]) + 1,
    }


def _units(text: str) -> int:
    """How many UTF-16 code units a text has."""
    return len(text.encode("utf-16-le")) // 2


def _notifications(result: FileResult, number: int) -> Iterable[dict[str, Any]]:
    if result.error is not None:
        place = None
        if result.error.line is not None:
            column = result.error.column or 0
            place = Range(result.error.line, column, result.error.line, column + 1)
        yield _notification("error", result.error.message, result, number, place)
    for notice in result.notices:
        yield _notification("warning", notice.message, result, number, _range(notice))


def _notification(level: str, text: str, result: FileResult, number: int, place: Range | None) -> dict[str, Any]:
    artifact = {**_location(result.name), "index": number}
    physical: dict[str, Any] = {"artifactLocation": artifact}
    if place is not None:
        line = place.line.file_line if isinstance(place.line, CellLine) else int(place.line)
        physical["region"] = {"startLine": line}
    return {"level": level, "message": {"text": text}, "locations": [{"physicalLocation": physical}]}


def _range(notice: Notice) -> Range:
    return Range(notice.line, notice.column, notice.line, notice.end_column)


def _rule(rule: type[Codemod]) -> dict[str, Any]:
    from tapefix.pages import link, page

    text = page(rule)
    found = _FINDS.search(text)
    described: dict[str, Any] = {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.page().partition("\n")[0]},
        "fullDescription": {"text": found[1] if found else rule.page().strip()},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _level(rule.code)},
        "properties": {
            "applicability": rule.applicability.value,
            "precision": "very-high",
            "problem.severity": "recommendation" if _level(rule.code) == "note" else "warning",
            "tags": ["correctness", "tensorflow", "gradient"],
        },
    }
    address = link(rule)
    if address is not None:
        described["helpUri"] = address
    return described


def _level(code: str) -> str:
    from tapefix.codemod import Tag
    from tapefix.registry import load_rules

    # Where no gradient is missing, there is nothing to warn of.
    tags = {rule.code: rule.tag for rule in load_rules()}
    return "note" if tags.get(code) is Tag.UNNECESSARY else "warning"


def _fingerprint(finding: Finding, source: SourceText) -> str:
    """What a finding is known by while the lines around it come and go."""
    text = source.lines.line(min(finding.range.line, source.lines.count)).strip()
    return hashlib.sha256("\0".join((finding.code, text)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _brief(judged: dict[str, Any]) -> dict[str, Any]:
    finding = judged["finding"]
    return {"code": finding["code"], "line": int(finding["location"]["line"]), "status": judged["status"]}


def _location(name: str) -> dict[str, str]:
    """The address of a file: relative where it is below the current directory, else absolute."""
    path = Path(os.path.abspath(name))  # noqa: PTH100 - Path.resolve would follow links
    here = Path.cwd()
    if path.is_relative_to(here):
        return {"uri": quote(os.fsencode(path.relative_to(here).as_posix())), "uriBaseId": BASE}
    return {"uri": path.as_uri()}


def _directory() -> str:
    address = Path.cwd().as_uri()
    return address if address.endswith("/") else address + "/"


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    """Data that every reader of JSON takes: no half characters, no numbers that are none."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
