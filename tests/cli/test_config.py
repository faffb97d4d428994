"""`[tool.tapefix]`: what it changes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tapefix.config import Config, ConfigError, find_config
from tests.cli.running import BROKEN, tapefix

FULL = """\
[tool.tapefix]
select = ["TPF1", "unwatched-tensor"]
ignore = ["TPF102"]
unsafe = true
exclude = ["legacy/"]
samples = 3
timeout = 2.5
memory = 4096
device = "cpu"
sandbox = "off"
python = ".venv"
run = "train.py --epochs 1"
[tool.tapefix.per-file-ignores]
"tests/*" = ["TPF101"]
"""


def configured(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_every_setting(tmp_path: Path) -> None:
    assert find_config(configured(tmp_path, FULL)) == Config(
        root=tmp_path,
        select=("TPF1", "unwatched-tensor"),
        ignore=("TPF102",),
        unsafe=True,
        exclude=("legacy/",),
        per_file_ignores={"tests/*": ("TPF101",)},
        samples=3,
        timeout=2.5,
        memory=4096,
        device="cpu",
        sandbox="off",
        python=".venv",
        run="train.py --epochs 1",
    )


def test_the_nearest_file_with_settings_counts(tmp_path: Path) -> None:
    configured(tmp_path, "[tool.tapefix]\nsamples = 1\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    configured(tmp_path / "a", "[project]\nname = 'tapefix-user'\n")
    assert find_config(tmp_path / "a" / "b").samples == 1
    configured(tmp_path / "a" / "b", "[tool.tapefix]\nsamples = 2\n")
    assert find_config(tmp_path / "a" / "b").samples == 2
    assert find_config(tmp_path / "a").samples == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.tapefix]\nsampels = 2\n", "no such setting; did you mean `samples`"),
        ("[tool.tapefix]\nqqq = 2\n", "known are baseline, device, exclude"),
        ("[tool.tapefix]\nsamples = '2'\n", "samples must be a whole number"),
        ("[tool.tapefix]\nsamples = true\n", "samples must be a whole number"),
        ("[tool.tapefix]\nsamples = 0\n", "of at least 1"),
        ("[tool.tapefix]\ntimeout = -1\n", "seconds above 0"),
        ("[tool.tapefix]\ntimeout = nan\n", "seconds above 0"),
        ("[tool.tapefix]\nselect = 'TPF101'\n", "select must be a list of strings"),
        ("[tool.tapefix]\nunsafe = 1\n", "unsafe must be true or false"),
        ("[tool.tapefix]\nsandbox = 'none'\n", "sandbox must be one of auto, require, off"),
        ("[tool.tapefix]\ndevice = 1\n", "device must be a string"),
        ("[tool.tapefix.per-file-ignores]\n'a.py' = 'TPF101'\n", "must be a list of strings"),
        ("[tool]\ntapefix = 1\n", "must be a table"),
        ("[tool.tapefix\n", "this is not TOML"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_config(configured(tmp_path, text))
    assert message in str(caught.value)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.tapefix]\nrun = '\xff'\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        find_config(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.tapefix]\nselect = ['TPF11']\n", "tool.tapefix.select: there is no rule 'TPF11'"),
        ("[tool.tapefix]\nignore = ['unwatched-tensr']\n", "did you mean unwatched-tensor"),
        ("[tool.tapefix.per-file-ignores]\n'*' = ['TPX1']\n", "tool.tapefix.per-file-ignores: there is no rule 'TPX1'"),
        ("[tool.tapefix]\nsampels = 2\n", "did you mean `samples`"),
        ("tapefix = [\n", "this is not TOML"),
    ],
)
def test_the_command_line_says_so(tmp_path: Path, text: str, message: str) -> None:
    (configured(tmp_path, text) / "a.py").write_text(BROKEN, encoding="utf-8")
    done = tapefix("check", "a.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and message in done.stderr


def test_settings_at_work(tmp_path: Path) -> None:
    for name in ("a.py", "legacy/b.py", "tests/c.py", "odd.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(BROKEN, encoding="utf-8")
    ignores = "[tool.tapefix.per-file-ignores]\n'tests/' = ['TPF1']\n'odd.py' = ['TPF']\n"
    configured(tmp_path, "[tool.tapefix]\nexclude = ['legacy']\n" + ignores)
    shown = tapefix("check", cwd=tmp_path).stdout.splitlines()
    assert [line.split(":")[0] for line in shown if "TPF101" in line] == ["a.py"]
    # A file that is named is looked at, whatever is excluded.
    assert tapefix("check", "legacy/b.py", cwd=tmp_path).returncode == 1
    configured(tmp_path, "[tool.tapefix]\nignore = ['TPF101']\n")
    assert tapefix("check", "a.py", cwd=tmp_path).returncode == 0
    assert tapefix("check", "a.py", "--select", "TPF101", cwd=tmp_path).returncode == 1
