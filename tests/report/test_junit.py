"""JUnit XML: read by another program, and a failure in it wherever the exit code is not 0."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml

from tapefix.report import junit
from tapefix.report.results import FileResult
from tapefix.source.errors import SourceError
from tests.cli.running import BROKEN, SOUND, tapefix
from tests.report.test_report import CASES, CHANGE


def parsed(text: str) -> JUnitXml:
    return JUnitXml.fromstring(text.encode())


def test_a_case_for_each_finding(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "sound.py").write_text(SOUND, encoding="utf-8")
    (tmp_path / "torn.py").write_text("GradientTape = (\n", encoding="utf-8")
    done = tapefix("check", ".", "--output-format", "junit", cwd=tmp_path)
    report = parsed(done.stdout)
    assert done.returncode == 2
    assert (report.tests, report.failures, report.errors) == (3, 1, 1)
    kinds = {suite.name: [type(each) for case in suite for each in case.result] for suite in report}
    assert kinds == {"broken.py": [Failure], "sound.py": [], "torn.py": [Error]}
    [case] = next(suite for suite in report if suite.name == "broken.py")
    assert case.name == "TPF101 numpy-method-on-path (line 6)" and case.classname == "broken.py"
    assert case.result[0].text.startswith("broken.py:6:26: TPF101 ")


@pytest.mark.parametrize("case", CASES)
def test_what_is_left_to_do_is_a_failure(case: str) -> None:
    result, code = CASES[case]
    report = parsed(junit.document("fix", [result]))
    assert (report.failures + report.errors > 0) == (code > 0)
    assert report.tests == sum(1 for suite in report for _ in suite)


def test_the_evidence_is_there_for_what_was_written() -> None:
    [suite] = parsed(junit.document("fix", [CASES["written"][0]]))
    [found] = suite
    assert found.is_passed and str(CHANGE.after) in found.system_out


@given(st.text(), st.text(alphabet=st.characters()))
def test_every_name_and_message_makes_xml(name: str, message: str) -> None:
    named = replace(CASES["verified"][0], name=name)
    broken = FileResult(os.fsdecode(b"\xff\x00"), error=SourceError("a", message + "\x1b\ufffe\ud800]]>&<"))
    root = ElementTree.fromstring(junit.document("fix", [named, broken]))
    assert len(root.findall("testsuite")) == 2
