"""A campaign over the legacy tree: every file comes to the end that the table says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.campaign.trees import content, migrate, reasons, states
from tests.fixtures import LEGACY, expected


@pytest.mark.tensorflow
def test_every_old_script_and_notebook_comes_to_its_end(tmp_path: Path) -> None:
    tree = tmp_path / "legacy"
    shutil.copytree(LEGACY, tree)
    before = content(tree)
    document = migrate(".", "--device", "cpu", cwd=tree, code=2)
    assert content(tree) == before, "nothing is written unasked"
    wanted = {name: row.state for name, row in expected().items() if not row.passed_over}
    found, why = states(document), reasons(document)
    assert found.keys() == wanted.keys()
    differing = {name: (found[name], why[name]) for name in wanted if found[name] != wanted[name]}
    assert not differing
