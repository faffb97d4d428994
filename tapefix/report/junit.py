"""JUnit XML: a suite for each file, in it a case for each finding, as the test reports of CI servers read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from tapefix.finding import Finding
from tapefix.report.findings import help_text
from tapefix.report.lines import plain
from tapefix.report.results import FileResult, status_of
from tapefix.report.verdicts import headline, verdict_lines
from tapefix.source.places import place

if TYPE_CHECKING:
    from tapefix.proof import Judged

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


@dataclass(frozen=True)
class _Case:
    name: str
    outcome: str = ""
    """`failure` or `error`; empty for what is as it should be."""
    kind: str = ""
    message: str = ""
    text: str = ""


def document(command: str, results: Sequence[FileResult]) -> str:
    """A whole report. What makes the command's exit code another than 0 is a failure or an error in it."""
    root = ElementTree.Element("testsuites", {"name": f"tapefix {command}"})
    totals = dict.fromkeys(("tests", "failures", "errors"), 0)
    for result in results:
        cases = list(_cases(result))
        counts = {
            "tests": len(cases),
            "failures": sum(case.outcome == "failure" for case in cases),
            "errors": sum(case.outcome == "error" for case in cases),
        }
        for name, count in counts.items():
            totals[name] += count
        attributes = {"name": result.name, **{name: str(count) for name, count in counts.items()}}
        suite = ElementTree.SubElement(root, "testsuite", _clean(attributes))
        for case in cases:
            _add(suite, case, result.name)
        if result.notices:
            notices = (f"{place(result.name, each.line, each.column)}: {each.message}" for each in result.notices)
            ElementTree.SubElement(suite, "system-out").text = _legal("\n".join(notices))
    for name, count in totals.items():
        root.set(name, str(count))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _cases(result: FileResult) -> Iterator[_Case]:
    found = False
    for judged in result.proof.judged if result.proof is not None else ():
        found = True
        yield _judged(judged, result)
    for finding in result.findings:
        found = True
        yield _Case(_name(finding), "failure", finding.code, finding.message, _told(finding, result))
    if result.error is not None:
        yield _Case("reading", "error", "error", result.error.message, str(result.error))
    elif not found:
        yield _Case("no findings")


def _judged(judged: Judged, result: FileResult) -> _Case:
    finding, status = judged.finding, status_of(judged)
    text = _told(finding, result)
    if judged.verdict is not None:
        text += plain(verdict_lines(judged.verdict))
    if result.written and judged.kept:
        return _Case(_name(finding), text=text)
    reason = "" if judged.verdict is None else f" ({plain([headline(judged.verdict)]).strip()})"
    return _Case(_name(finding), "failure", finding.code, f"{finding.message}{reason or f' ({status})'}", text)


def _name(finding: Finding) -> str:
    return f"{finding.code} {finding.name} (line {finding.range.line})"


def _told(finding: Finding, result: FileResult) -> str:
    where = place(result.name, finding.range.line, finding.range.column)
    advice = help_text(finding)
    return f"{where}: {finding.code} {finding.message}\n" + (f"{advice}\n" if advice else "")


def _add(suite: ElementTree.Element, case: _Case, file: str) -> None:
    element = ElementTree.SubElement(suite, "testcase", _clean({"name": case.name, "classname": file, "file": file}))
    if case.outcome:
        told = ElementTree.SubElement(element, case.outcome, _clean({"type": case.kind, "message": case.message}))
        told.text = _legal(case.text)
    elif case.text:
        ElementTree.SubElement(element, "system-out").text = _legal(case.text)


def _clean(attributes: dict[str, str]) -> dict[str, str]:
    return {name: _legal(value) for name, value in attributes.items()}


def _legal(text: str) -> str:
    """A text without what XML cannot hold: such characters stand as escapes."""
    return _NO_XML.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
