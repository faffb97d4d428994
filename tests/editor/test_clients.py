"""What the clients say of the server is what the server knows: settings, commands, and the set-up pages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tapefix.config import SANDBOXES, Config, find_config
from tapefix.verify.options import RunOptions
from tests.editor.pages import EDITORS, PAGES, blocks
from tests.fixtures import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OF_THE_CLIENT = {"path", "interpreter", "trace.server", "openFilesOnly"}
OF_THE_FILE = {"root", "exclude", "per_file_ignores", "baseline"}
"""Settings that only `pyproject.toml` has: which files belong to a project, and what is known of them."""


def _properties() -> dict[str, dict[str, Any]]:
    manifest = json.loads((EDITORS / "vscode" / "package.json").read_text(encoding="utf-8"))
    declared = manifest["contributes"]["configuration"]["properties"]
    assert all(name.startswith("tapefix.") for name in declared)
    return {name.removeprefix("tapefix."): schema for name, schema in declared.items()}


def test_settings_of_vscode_are_those_of_a_project() -> None:
    known = {entry.name for entry in fields(Config)} - OF_THE_FILE
    assert set(_properties()) - OF_THE_CLIENT == known


def test_defaults_of_vscode_are_those_of_a_run() -> None:
    schemas, run = _properties(), RunOptions()
    shown = {name: schemas[name]["default"] for name in ("samples", "timeout", "memory", "device", "sandbox")}
    assert shown == {
        "samples": run.samples,
        "timeout": run.timeout,
        "memory": run.memory_mb,
        "device": run.device,
        "sandbox": run.sandbox,
    }
    assert tuple(schemas["sandbox"]["enum"]) == SANDBOXES
    assert schemas["unsafe"]["default"] is Config().unsafe


@pytest.mark.parametrize(
    ("device", "known"),
    [("auto", True), ("cpu", True), ("gpu", True), ("gpu:12", True), ("tpu", False), ("gpu:", False), ("xgpu", False)],
)
def test_devices_of_vscode_are_those_of_a_run(device: str, known: bool) -> None:
    assert bool(re.search(_properties()["device"]["pattern"], device)) is known
    if known:
        assert RunOptions(device=device).device == device
    else:
        with pytest.raises(ValueError, match="device"):
            RunOptions(device=device)


def test_values_of_every_type_that_vscode_writes_are_read(tmp_path: Path) -> None:
    values = {"string": "x", "integer": 3, "number": 1.5, "boolean": True, "array": ["TPF1"]}
    lines = []
    for name, schema in _properties().items():
        if name not in OF_THE_CLIENT:
            value = schema["enum"][-1] if "enum" in schema else values[schema["type"]]
            lines.append(f"{name} = {json.dumps(value)}\n")
    (tmp_path / "pyproject.toml").write_text("[tool.tapefix]\n" + "".join(lines), encoding="utf-8")
    assert find_config(tmp_path).timeout == 1.5


@pytest.mark.parametrize("page", PAGES)
def test_page_is_linked(page: str) -> None:
    assert f"(editors/{page})" in (ROOT.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_page_has_valid_json_and_toml(page: str) -> None:
    for block in blocks(page, "json"):
        json.loads(block)
    for block in blocks(page, "toml"):
        tomllib.loads(block)


def test_helix_starts_the_server() -> None:
    (block,) = blocks("helix.md", "toml")
    written = tomllib.loads(block)
    server = written["language-server"]["tapefix"]
    assert [server["command"], *server["args"]] == ["tapefix", "lsp"]
    assert written["language"] == [{"name": "python", "language-servers": ["tapefix"]}]


@pytest.mark.skipif(shutil.which("nvim") is None, reason="Neovim is not installed")
def test_lua_of_every_version_is_lua(tmp_path: Path) -> None:
    written = blocks("neovim.md", "lua")
    assert len(written) == 3
    for block in written:
        file = tmp_path / "block.lua"
        file.write_text(block, encoding="utf-8")
        # loadfile compiles, and runs nothing.
        ended = subprocess.run(
            ["nvim", "--headless", "--clean", "-c", f"lua assert(loadfile([[{file}]]))", "-c", "qall!"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")


def test_packages_come_from_wherever_they_are_asked_for() -> None:
    folder = EDITORS / "vscode"
    locked = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    assert not [name for name, package in locked.items() if "resolved" in package]
    # A version that moves by itself would make two packages of one text.
    wanted = {**manifest["dependencies"], **manifest["devDependencies"]}
    assert wanted == {name: locked[f"node_modules/{name}"]["version"] for name in wanted}
