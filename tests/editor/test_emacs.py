"""Emacs, set up as our page says, takes the server's actions through both of its clients and saves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.editor.pages import blocks
from tests.fixtures import ROOT

CASE = ROOT / "numpy-function-on-path" / "saliency_map"
PATIENCE = 60
"""Seconds for each step; only a server that does not answer needs them."""
CLIENTS = {"eglot": 0, "lsp-mode": 1}
"""Which block of the page is for which client."""

pytestmark = pytest.mark.skipif(shutil.which("emacs") is None, reason="Emacs is not installed")


def _has(client: str) -> bool:
    asked = f"(kill-emacs (if (locate-library {client!r}) 0 3))".replace("'", '"')
    command = ["emacs", "--batch", "--eval", "(package-initialize)", "--eval", asked]
    return subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False).returncode == 0


@pytest.mark.parametrize("client", CLIENTS)
def test_fix_all(tmp_path: Path, client: str) -> None:
    if not _has(client):
        pytest.skip(f"{client} is not installed")
    page = tmp_path / "page.el"
    page.write_text(blocks("emacs.md", "elisp")[CLIENTS[client]], encoding="utf-8")
    project = tmp_path / "project"
    # What Emacs takes for a project is under version control.
    (project / ".git").mkdir(parents=True)
    file = project / "script.py"
    shutil.copy(CASE / "before.py", file)
    ended = subprocess.run(
        ["emacs", "--batch", "--load", str(Path(__file__).with_name("emacs.el"))],
        cwd=project,
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "TAPEFIX_CLIENT": client,
            "TAPEFIX_PAGE": str(page),
            "TAPEFIX_FILE": str(file),
            "TAPEFIX_SESSION": str(tmp_path / "session"),
            "TAPEFIX_PATIENCE": str(PATIENCE),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert file.read_bytes() == (CASE / "after.py").read_bytes()
