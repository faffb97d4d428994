"""The legacy tree by the static reading alone; what runs say of it, a campaign over it shows."""

from __future__ import annotations

import pytest

from tapefix.campaign.outcome import EndState
from tapefix.engine import check
from tapefix.registry import load_rules
from tapefix.source.errors import SourceError
from tapefix.source.parsing import parse
from tapefix.source.text import SourceText
from tapefix.source.walking import holds
from tests.fixtures import LEGACY, Expected, expected

EXPECTED = expected()
SCRIPTS = {name: row for name, row in EXPECTED.items() if name.endswith(".py")}
STAYS = (EndState.UNCHANGED.value, EndState.SKIPPED.value)


def test_the_table_names_every_file_and_no_other() -> None:
    files = {path.relative_to(LEGACY).as_posix() for suffix in ("py", "ipynb") for path in LEGACY.rglob(f"*.{suffix}")}
    assert files == set(EXPECTED)
    assert len(files) >= 40


def test_the_table_has_every_end_state() -> None:
    assert {row.state for row in EXPECTED.values()} == {state.value for state in EndState}


@pytest.mark.parametrize("row", EXPECTED.values(), ids=EXPECTED)
def test_what_a_walk_passes_over_is_said(row: Expected) -> None:
    assert row.passed_over is not holds(row.path.read_bytes())


@pytest.mark.parametrize("row", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_is_read_as_the_table_says(row: Expected) -> None:
    try:
        source = SourceText.read(row.path)
        parse(source)
    except SourceError:
        assert row.state == EndState.UNREADABLE.value
        return
    assert row.state != EndState.UNREADABLE.value
    found = check(source.text, load_rules())
    if row.state in STAYS:
        assert row.state == EndState.SKIPPED.value or not found
        return
    # What one rewrite uncovers is found by the next pass, and what another one settles is advice in this one.
    assert found and {finding.code for finding in found if finding.rewrite is not None} <= set(row.rules)
