"""A real editor has a repair verified before it takes it: Neovim, set up as our page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tapefix.editor.actions import FIX_AND_VERIFY
from tests.cli.running import BROKEN, REPAIRED
from tests.editor.test_neovim import Neovim
from tests.editor.test_neovim import pytestmark as needed

pytestmark = [needed, pytest.mark.tensorflow]


def test_fix_and_verify(tmp_path: Path) -> None:
    neovim = Neovim(tmp_path)
    file = neovim.project / "train.py"
    file.write_text(BROKEN, encoding="utf-8")

    result = neovim.work(file, FIX_AND_VERIFY)

    assert file.read_text(encoding="utf-8") == REPAIRED
    assert result["messages"] == []
    assert neovim.log() == ""
