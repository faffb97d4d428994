"""What reports look like, down to the character."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapefix.finding import Applicability, Finding, Range, Related, Rewrite
from tapefix.proof import Judged, Proof
from tapefix.report import data, github
from tapefix.report.diff import changed_words, show_diff
from tapefix.report.findings import finding_lines
from tapefix.report.lines import plain, visible
from tapefix.report.reporters import GithubReporter, JsonReporter, TextReporter
from tapefix.report.results import FileResult
from tapefix.report.verdicts import verdict_lines
from tapefix.source.diffs import unified_diff
from tapefix.source.edits import Edit
from tapefix.source.errors import SourceError
from tapefix.source.text import SourceText
from tapefix.verify import Change, Check, Outcome, Verdict, VerdictStatus

TEXT = "日本 = f(\tx.numpy())\ny = 2\n"
FINDING = Finding(
    "TPF101",
    "numpy-method-on-path",
    "`x.numpy()` leaves TensorFlow",
    Range(1, 8, 1, 17),
    Applicability.SAFE,
    Rewrite("Drop `.numpy()`", (Edit(9, 17, ""),)),
    queries=frozenset({2}),
    related=(Related(Range(2, 0, 2, 1), "the tape"),),
)
CHANGE = Change(
    line=12,
    after_line=13,
    target="loss",
    source="x",
    before=Outcome("none"),
    after=Outcome("gradient", (2, 3), "float32", 1.5),
    check=Check(-0.5, -0.5, 0.01, 3),
)
VERIFIED = Verdict(
    VerdictStatus.VERIFIED,
    "1 gradient is there that was not",
    changes=(CHANGE,),
    device="GPU:0",
    tensorflow_version="2.21.0",
    python_version="3.11.7",
    tolerance=0.0001,
    sandbox="bubblewrap: no network",
    seconds=0.4,
)
REJECTED = Verdict(VerdictStatus.REJECTED, "another gradient changed")


def result(*judged: Judged, after: str = TEXT.replace(".numpy()", ""), **changes: object) -> FileResult:
    source = SourceText.of(TEXT, "a.py")
    proof = Proof(TEXT, TEXT.replace(".numpy()", ""), after, judged, (), judged[0].verdict if judged else None)
    return replace(FileResult("a.py", source, proof=proof), **changes)  # type: ignore[arg-type]  # any field


def test_a_finding_is_underlined_where_it_stands() -> None:
    assert plain(finding_lines(FINDING, SourceText.of(TEXT, "a.py"))).splitlines() == [
        "a.py:1:9: TPF101 `x.numpy()` leaves TensorFlow",
        "  |",
        "1 | 日本 = f(    x.numpy())",
        "  |              ^^^^^^^^^",
        "2 | y = 2",
        "  |",
        "  = note: line 2: the tape",
        "  = help: Drop `.numpy()`",
        "",
    ]


def test_a_long_range_shows_its_ends() -> None:
    text = "".join(f"line{number}\n" for number in range(1, 12))
    finding = replace(FINDING, range=Range(2, 0, 10, 3), related=())
    shown = plain(finding_lines(finding, SourceText.of(text, "a.py")))
    assert "line2" in shown and "line10" in shown and "line6" not in shown
    assert ".. |" in shown


def test_an_unsafe_finding_says_why() -> None:
    finding = replace(FINDING, applicability=Applicability.UNSAFE, reason="it changes the value")
    assert "(only with --unsafe: it changes the value)" in plain(finding_lines(finding, SourceText.of(TEXT, "a.py")))


@given(st.text())
def test_nothing_of_a_file_reaches_the_terminal_as_a_command(text: str) -> None:
    shown = visible(text)
    assert not any(ord(character) < 32 or character in "\x7f\x9b\u202e" for character in shown)


def test_a_verdict_with_its_figures() -> None:
    assert plain(verdict_lines(VERIFIED, "a.py")).splitlines() == [
        "a.py: verified: 1 gradient is there that was not",
        f"  line 12 (now 13): d loss / d x: None → {CHANGE.after}",
        "    along 3 directions: -0.5 by tape, -0.5 by differences (tolerance 0.01)",
        "  GPU:0 · TensorFlow 2.21.0 · Python 3.11.7 · tolerance 0.0001 · 0.4 s",
        "  bubblewrap: no network",
    ]


def test_an_unchecked_gradient_says_so() -> None:
    change = replace(CHANGE, check=Check(unchecked="py_function"))
    assert "not checked against differences: py_function" in plain(verdict_lines(replace(VERIFIED, changes=(change,))))


def test_github_escapes_what_would_end_a_command() -> None:
    finding = replace(FINDING, message="100%\r\nsure, now: yes")
    line = github.finding_annotation(finding, "a,b:c%.py")
    assert line == (
        "::warning file=a%2Cb%3Ac%25.py,line=1,col=9,endLine=1,endColumn=17,title=TPF101 numpy-method-on-path"
        "::100%25%0D%0Asure, now: yes%0ADrop `.numpy()`\n"
    )
    assert (
        github.error_annotation(SourceError("a.py", "no", 3, 0)) == "::error file=a.py,line=3,col=1,title=tapefix::no\n"
    )
    assert github.verdict_annotation(REJECTED, "a.py").startswith("::error file=a.py,title=tapefix%3A rejected::")


CASES = {
    "verified": (result(Judged(FINDING, VERIFIED, True)), 1),
    "written": (result(Judged(FINDING, VERIFIED, True), written=True), 0),
    "rejected": (result(Judged(FINDING, REJECTED, False), after=TEXT), 1),
    "written in part": (result(Judged(FINDING, VERIFIED, True), Judged(FINDING, REJECTED, False), written=True), 1),
    "not run": (result(Judged(FINDING, Verdict(VerdictStatus.NOT_RUN, "no TensorFlow"), False), after=TEXT), 1),
    "not verified, written": (result(Judged(FINDING, None, True), written=True), 0),
    "failed": (FileResult("a.py", error=SourceError("a.py", "no", 1, 0)), 2),
    "nothing": (FileResult("a.py", SourceText.of(TEXT, "a.py")), 0),
}


@pytest.mark.parametrize("case", CASES)
def test_exit_codes_and_json(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    given_result, code = CASES[case]
    reporter = JsonReporter("fix")
    reporter.add(given_result)
    assert reporter.totals.exit_code() == code
    reporter.finish()
    schema = json.loads(data.SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(capsys.readouterr().out), schema)


def test_only_what_was_proved_is_in_the_patch(capsys: pytest.CaptureFixture[str]) -> None:
    for case in ("verified", "rejected", "not run"):
        reporter = TextReporter("fix")
        reporter.add(CASES[case][0])
        out, err = capsys.readouterr()
        assert out.startswith("--- a/a.py\n") == (case != "rejected"), case
        assert (f"[{case}" in err) and "TPF101 line 1: Drop `.numpy()`" in err
    for case, count in (("rejected", 1), ("written", 0), ("written in part", 1)):
        GithubReporter("fix").add(CASES[case][0])
        assert capsys.readouterr().out.count("::warning ") == count, case


def test_changed_words() -> None:
    old, new = "    loss = tf.reduce_sum(y.numpy())", "    loss = tf.reduce_sum(y)"
    left, right = changed_words(old, new)
    assert "".join(old[start:end] for start, end in left) == ".numpy()" and not right
    assert changed_words("a b c", "something else entirely") == ([], [])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(
    st.lists(
        st.sampled_from(["a = 1", "with x:", "    b = '''", "", "\ty", "é = 日本", "c\r", "'", "(\x1b["]), max_size=9
    ),
    st.lists(st.sampled_from(["a = 2", "with x:", "    b = '''", "", "\ty", "é = 日", "c", "'", "\f"]), max_size=9),
)
def test_a_coloured_diff_holds_the_same_text(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\n".join(new)
    diff = unified_diff(before, after, "a.py")
    stream = Terminal()
    show_diff(diff, stream, before, after)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert "\x1b" not in shown
    lines = [line for line in diff.split("\n") if line]
    assert len(shown.splitlines()) == len(lines)
    for line, printed in zip(lines, shown.splitlines(), strict=True):
        assert visible(line[1:]).split() == printed[1:].split() or line[:3] in ("---", "+++", "@@ ", "\\ N")
