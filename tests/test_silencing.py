"""Comments that are written to hide a finding hide it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tapefix.engine import check
from tapefix.registry import load_rules
from tapefix.silencing import silence
from tapefix.source.edits import apply_edits
from tapefix.source.parsing import parses
from tapefix.suppressions import Suppressions

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").glob("*/*/before.py"))


@pytest.mark.parametrize("path", FIXTURES[:: len(FIXTURES) // 24], ids=lambda path: "/".join(path.parts[-3:-1]))
def test_every_finding_of_a_fixture_can_be_hidden(path: Path) -> None:
    text = path.read_text("utf-8")
    for finding in check(text, load_rules()):
        edit = silence(text, finding)
        assert edit is not None
        changed = apply_edits(text, [edit])
        assert parses(changed)
        assert Suppressions(changed).hides(finding)
        # One more of another rule goes into the same comment.
        other = replace(finding, code="TPF999", name="another")
        again = silence(changed, other)
        assert again is not None
        twice = apply_edits(changed, [again])
        assert Suppressions(twice).hides(finding)
        assert Suppressions(twice).hides(other)
        assert twice.count("# tapefix:") == changed.count("# tapefix:")
