"""GitHub's workflow commands: findings as annotations on the lines of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tapefix.finding import Finding
from tapefix.report.findings import help_text
from tapefix.source.errors import SourceError
from tapefix.source.places import CellLine, in_cell
from tapefix.suppressions import Notice

if TYPE_CHECKING:
    from tapefix.verify.verdict import Verdict
    from tapefix.why import Explanation


def finding_annotation(finding: Finding, name: str) -> str:
    """One finding as a warning."""
    place = finding.range
    properties = {"file": name, **_line(place.line, place.column)}
    if not isinstance(place.line, CellLine):
        properties["endLine"] = str(place.end_line)
        # Columns of different lines make GitHub refuse the annotation.
        if place.end_line == place.line:
            properties["endColumn"] = str(max(place.end_column, place.column + 1))
    properties["title"] = f"{finding.code} {finding.name}"
    advice = help_text(finding)
    message = in_cell(place.line) + finding.message
    return _command("warning", properties, message + (f"\n{advice}" if advice else ""))


def notice_annotation(notice: Notice, name: str) -> str:
    """What there is to say of a place that is no finding, as a notice."""
    properties = {"file": name, **_line(notice.line, notice.column), "title": "tapefix"}
    return _command("notice", properties, in_cell(notice.line) + notice.message)


def error_annotation(error: SourceError) -> str:
    """A file that is left out, as an error."""
    properties = {"file": str(error.path)}
    if error.line is not None:
        properties |= _line(error.line, error.column)
    return _command("error", {**properties, "title": "tapefix"}, in_cell(error.line) + error.message)


def verdict_annotation(verdict: Verdict, name: str) -> str:
    """A verdict on a whole file."""
    status = verdict.status.value
    kind = {"verified": "notice", "rejected": "error"}.get(status, "warning")
    message = f"{status}: {verdict.reason}" if verdict.reason else status
    return _command(kind, {"file": name, "title": f"tapefix: {status}"}, message)


def why_annotations(explanation: Explanation, name: str) -> str:
    """Each break that keeps a gradient away, on its line, once."""
    from tapefix.why.rules import rule_of
    from tapefix.why.sentences import sentence

    commands: dict[str, None] = {}
    for query in explanation.queries:
        for account in query.missing:
            for found in account.breaks:
                place = found.place
                line = place.line if place is not None else query.line
                properties = {"file": place.path or name if place is not None else name, **_line(line)}
                code = rule_of(found)
                properties["title"] = f"{code}: no gradient" if code else "no gradient"
                about = f"d {query.target} / d {account.label} (line {query.line})"
                commands[_command("warning", properties, f"{in_cell(line)}{sentence(found, account)}\n{about}")] = None
    return "".join(commands)


def _line(line: int, column: int | None = None) -> dict[str, str]:
    """Where an annotation stands; for a line of a notebook's cell, that is the line of the file which holds it."""
    if isinstance(line, CellLine):
        return {"line": str(line.file_line)}
    return {"line": str(line)} if column is None else {"line": str(line), "col": str(column + 1)}


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    return f"::{kind} {listed}::{_escape(message)}\n"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
