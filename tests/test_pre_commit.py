"""The hooks of this repository, as the real pre-commit runs them in somebody's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.cli.running import BROKEN, REPAIRED, SOUND
from tests.cli.test_since import commit, git

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("tapefix", "codemods", "pyproject.toml", "README.md", ".pre-commit-hooks.yaml")
"""What a clone needs to be installed."""
CONFIG = """\
repos:
- repo: {url}
  rev: {rev}
  hooks:
  - id: tapefix-check
  - id: tapefix-fix
    stages: [manual]
"""


class Hooks:
    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.clone.mkdir()
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, self.clone / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, self.clone / part)
        git(self.clone, "init", "-q")
        self.rev = commit(self.clone)
        # The environment that the hooks make is theirs alone: nothing of the tests' own leads into it.
        self.environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.environment |= {"PRE_COMMIT_HOME": str(folder / "home"), "TERM": "dumb"}

    def config(self) -> str:
        return CONFIG.format(url=self.clone, rev=self.rev)

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, env=self.environment, capture_output=True, text=True, timeout=900, check=False
        )

    def pre_commit(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(folder, sys.executable, "-m", "pre_commit", *arguments)


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    folder = tmp_path_factory.mktemp("hooks")
    made = Hooks(folder)
    first = folder / "first"
    first.mkdir()
    git(first, "init", "-q")
    (first / ".pre-commit-config.yaml").write_text(made.config(), encoding="utf-8")
    done = made.pre_commit(first, "install-hooks")
    told = done.stdout + done.stderr
    if done.returncode and ("No matching distribution" in told or "connection" in told.lower()):
        pytest.skip("the packages that the hooks need cannot be fetched here")
    assert done.returncode == 0, told
    return made


@pytest.fixture
def project(hooks: Hooks, tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / ".pre-commit-config.yaml").write_text(hooks.config(), encoding="utf-8")
    (tmp_path / "sound.py").write_text(SOUND, encoding="utf-8")
    commit(tmp_path)
    return tmp_path


def test_a_commit_that_breaks_a_gradient_is_refused(hooks: Hooks, project: Path) -> None:
    assert hooks.pre_commit(project, "install").returncode == 0
    (project / "a b.py").write_text(BROKEN, encoding="utf-8")
    (project / "old.py").write_text("print 'no tape in here, and no Python 3'\n", encoding="utf-8")
    cells = [nbformat.v4.new_code_cell(BROKEN)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), project / "n.ipynb")
    git(project, "add", "-A")
    command = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-m", "x")
    refused = hooks.run(project, *command)
    told = refused.stdout + refused.stderr
    assert refused.returncode == 1, told
    assert "a b.py:6:26: TPF101" in told and "n.ipynb:cell 1:6:26: TPF101" in told and "old.py" not in told
    (project / "a b.py").write_text(REPAIRED, encoding="utf-8")
    (project / "n.ipynb").unlink()
    git(project, "add", "-A")
    done = hooks.run(project, *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_settings_exclude_is_passed_over(hooks: Hooks, project: Path) -> None:
    (project / "left.py").write_text(BROKEN, encoding="utf-8")
    (project / "pyproject.toml").write_text('[tool.tapefix]\nexclude = ["left.py"]\n', encoding="utf-8")
    git(project, "add", "-A")
    assert hooks.pre_commit(project, "run", "tapefix-check").returncode == 0
    (project / "pyproject.toml").unlink()
    done = hooks.pre_commit(project, "run", "tapefix-check", "--files", "left.py")
    assert done.returncode == 1 and "left.py:6:26" in done.stdout


@pytest.mark.tensorflow
def test_the_repair_is_verified_and_written(hooks: Hooks, project: Path) -> None:
    (project / "a.py").write_text(BROKEN, encoding="utf-8")
    git(project, "add", "-A")
    run = ("run", "tapefix-fix", "--hook-stage", "manual")
    without = hooks.pre_commit(project, *run)
    assert without.returncode == 1 and "[not run]" in without.stdout, without.stdout
    assert (project / "a.py").read_text(encoding="utf-8") == BROKEN, "what was not run is not written"
    (project / "pyproject.toml").write_text(f'[tool.tapefix]\npython = "{sys.executable}"\n', encoding="utf-8")
    git(project, "add", "-A")
    done = hooks.pre_commit(project, *run)
    assert done.returncode == 1 and "files were modified by this hook" in done.stdout, done.stdout
    assert "[verified]" in done.stdout
    assert (project / "a.py").read_text(encoding="utf-8") == REPAIRED
    git(project, "add", "-A")
    again = hooks.pre_commit(project, *run)
    assert again.returncode == 0, again.stdout
