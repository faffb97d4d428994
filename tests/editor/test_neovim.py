"""A real editor: Neovim, set up as our page says, takes the server's actions through its own client and saves."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.editor.pages import blocks
from tests.fixtures import ROOT

PATIENCE = 60
"""Seconds for each step; only a server that does not answer needs them."""

pytestmark = pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")


def _version() -> tuple[int, int]:
    shown = subprocess.run(["nvim", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"NVIM v(\d+)\.(\d+)", shown)
    assert found is not None, shown
    return int(found[1]), int(found[2])


class Neovim:
    """A home of its own in which the page was followed."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        (self.project / "pyproject.toml").write_text("", encoding="utf-8")
        self._folder = folder
        current, older, fix_all = blocks("neovim.md", "lua")
        init = folder / "config" / "nvim" / "init.lua"
        init.parent.mkdir(parents=True)
        init.write_text((current if _version() >= (0, 11) else older) + fix_all, encoding="utf-8")

    def work(self, file: Path, kind: str, command: str = "") -> dict[str, Any]:
        """What was seen when an action of a kind was taken: at the first finding, or by a command."""
        task, seen = self._folder / "task.json", self._folder / "seen.json"
        task.write_text(
            json.dumps({"file": str(file), "seen": str(seen), "kind": kind, "command": command, "patience": PATIENCE}),
            encoding="utf-8",
        )
        homes = {f"XDG_{name.upper()}_HOME": str(self._folder / name) for name in ("config", "data", "state", "cache")}
        script = Path(__file__).with_name("neovim.lua")
        ended = subprocess.run(
            ["nvim", "--headless", "-n", "-i", "NONE", "-c", f"luafile {script}"],
            cwd=self.project,
            env={
                **os.environ,
                **homes,
                "TAPEFIX_TASK": str(task),
                "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=4 * PATIENCE,
            check=False,
        )
        assert seen.is_file(), ended.stderr
        result: dict[str, Any] = json.loads(seen.read_text(encoding="utf-8"))
        assert ended.returncode == 0, (result, ended.stderr, self.log())
        return result

    def log(self) -> str:
        """What the client noted of the server: its standard error, and answers that are errors."""
        logs = [path.read_text(encoding="utf-8") for path in self._folder.glob("*/nvim/lsp.log")]
        return "".join(line for text in logs for line in text.splitlines(keepends=True) if "[START]" not in line)


@pytest.fixture
def neovim(tmp_path: Path) -> Neovim:
    return Neovim(tmp_path)


def _found(file: Path) -> list[tuple[str, int]]:
    """The findings as the command line tells them: rule and line."""
    told = subprocess.run(
        [sys.executable, "-m", "tapefix", "check", str(file), "--output-format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [
        (finding["code"], finding["location"]["line"])
        for report in json.loads(told.stdout)["files"]
        for finding in report["findings"]
    ]


def _seen(result: dict[str, Any]) -> list[tuple[str, int]]:
    return [(item["code"], item["lnum"] + 1) for item in result["diagnostics"]]


@pytest.mark.parametrize(
    ("case", "ends"),
    [
        ("numpy-method-on-path/fgsm_helper", "\n"),
        ("numpy-source/float64_array", "\n"),
        ("reused-tape/seed_document_first_example", "\r\n"),
        ("forward-outside-tape/blank_line_between", "\n"),
    ],
)
def test_quick_fix(neovim: Neovim, case: str, ends: str) -> None:
    before, after = ((ROOT / case / name).read_text(encoding="utf-8") for name in ("before.py", "after.py"))
    file = neovim.project / "script.py"
    file.write_bytes(before.replace("\n", ends).encode())
    told = _found(file)

    result = neovim.work(file, "quickfix")

    assert file.read_bytes() == after.replace("\n", ends).encode()
    assert _seen(result) == told
    assert len(told) == 1
    assert neovim.log() == ""


@pytest.mark.parametrize(
    "case",
    [
        "numpy-function-on-path/saliency_map",
        "forward-outside-tape/gan_with_both_passes_outside",
        "numpy-source/given_to_an_optimizer",
    ],
)
def test_fix_all(neovim: Neovim, case: str) -> None:
    file = neovim.project / "script.py"
    shutil.copy(ROOT / case / "before.py", file)
    told = _found(file)

    result = neovim.work(file, "source.fixAll.tapefix", "TapefixFixAll")

    assert file.read_bytes() == (ROOT / case / "after.py").read_bytes()
    assert sorted(_seen(result)) == sorted(told)
    assert len(told) > 1
    assert neovim.log() == ""
