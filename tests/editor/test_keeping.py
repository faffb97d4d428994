"""What stays true of a text that was edited, and what runs have found of it."""

from __future__ import annotations

from tapefix.editor.keeping import KeptLines
from tapefix.editor.positions import Units
from tapefix.editor.programs import Part, Program
from tapefix.editor.run_results import RunResult, RunResults
from tapefix.engine import check
from tapefix.finding import Range
from tapefix.registry import load_rules
from tapefix.source.lines import Lines
from tests.cli.running import BROKEN


def program(text: str, uri: str = "untitled:a") -> Program:
    return Program(uri, None, text, (Part(uri, 1, Lines(text), Units(None)),))


def test_lines_that_stand_are_found_where_they_are() -> None:
    before = "a\nb\nc\nd\ne\nf\n"
    kept = KeptLines(Lines(before), Lines("new\na\nB\nc\nd\nnew\nf\n"))
    assert [kept.line(line) for line in range(1, 8)] == [2, None, 4, 5, None, 7, 8]
    assert kept.range(Range(3, 0, 4, 1)) == Range(4, 0, 5, 1)
    assert kept.range(Range(1, 0, 3, 1)) is None


def test_findings_go_with_their_lines_and_leave_their_rewrites() -> None:
    (finding,) = check(BROKEN, load_rules())
    (now,) = KeptLines(Lines(BROKEN), Lines("# new\n" + BROKEN)).findings([finding])
    assert (now.range.line, now.queries, now.rewrite) == (7, frozenset({8}), None)
    assert [place.range.line for place in now.related] == [5, 4, 8]
    assert KeptLines(Lines(BROKEN), Lines(BROKEN.replace("y.numpy()", "y"))).findings([finding]) == []


def test_what_a_run_has_found_goes_with_its_line() -> None:
    results = RunResults()
    (finding,) = check(BROKEN, load_rules())
    results.put(RunResult(program(BROKEN), {7: "None, because"}, findings=(finding,)))
    assert results.at(program(BROKEN), 7) == "None, because"
    moved = program("# new\n" + BROKEN)
    assert results.at(moved, 7) is None
    assert results.at(moved, 8) == "None, because"
    # Of the breaks themselves, nobody knows whether the change has mended them.
    assert results.findings(program(BROKEN)) == [finding]
    assert results.findings(moved) == []
    assert results.at(program(BROKEN, "untitled:b"), 7) is None
    results.drop("untitled:a")
    assert results.at(program(BROKEN), 7) is None
