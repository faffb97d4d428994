"""Programs that say themselves, in a comment, where the gradient is lost: `why` has to name that line and rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapefix.verify import RunOptions, Verifier
from tapefix.why import explain
from tapefix.why.rules import rule_of

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
MARK = re.compile(r"# break: (\w+)")


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    with Verifier(RunOptions(device="cpu"), project=PROGRAMS[0].parent) as started:
        yield started


@pytest.mark.tensorflow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_break_is_named(program: Path, verifier: Verifier) -> None:
    text = program.read_text("utf-8")
    marked = {
        (None if found.group(1) == "none" else found.group(1), number)
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := MARK.search(line))
    }
    explanation = explain(verifier, program, text)
    named = {
        (rule_of(broken), broken.place.line if broken.place is not None else None)
        for query in explanation.queries
        for account in query.missing
        for broken in account.breaks
    }
    assert named == marked
