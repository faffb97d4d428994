"""`tapefix migrate` on what is one's own, and its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import BROKEN, REPAIRED, SOUND, tapefix
from tests.cli.test_since import SECOND, UNWATCHED, commit, git
from tests.report.test_page import embedded


@pytest.fixture
def project(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "b.py").write_text(BROKEN, encoding="utf-8")
    commit(tmp_path)
    (tmp_path / "a.py").write_text(BROKEN + UNWATCHED, encoding="utf-8")
    return tmp_path


def test_only_changed_lines_are_migrated(project: Path) -> None:
    options = ("--no-verify", "--write", "--jobs", "1")
    done = tapefix("migrate", ".", "--since", "HEAD", *options, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "b.py" not in done.stdout
    text = (project / "a.py").read_text(encoding="utf-8")
    assert text.startswith(BROKEN) and "third.watch(c)" in text
    # What was found out about some lines is no answer for all of them.
    done = tapefix("migrate", ".", *options, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "a.py").read_text(encoding="utf-8").startswith(REPAIRED)
    assert (project / "b.py").read_text(encoding="utf-8") == REPAIRED


def test_known_findings_are_left_alone(project: Path) -> None:
    assert tapefix("check", "--write-baseline", "--baseline", "known.json", cwd=project).returncode == 0
    (project / "b.py").write_text(BROKEN + SECOND, encoding="utf-8")
    options = ("--no-verify", "--write", "--jobs", "1")
    done = tapefix("migrate", "a.py", "b.py", "--baseline", "known.json", *options, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "a.py").read_text(encoding="utf-8") == BROKEN + UNWATCHED
    assert (project / "b.py").read_text(encoding="utf-8") == BROKEN + SECOND.replace("y.numpy()", "y")


def test_what_is_not_there_is_said_before_anything_begins(project: Path) -> None:
    for arguments, message in (
        (("--since", "nope"), "'nope' names no commit"),
        (("--baseline", "nope.json"), "nope.json: there is no such baseline"),
    ):
        done = tapefix("migrate", ".", *arguments, cwd=project)
        assert done.returncode == 2 and message in done.stderr and "resume" not in done.stderr
    assert not (project / ".tapefix").exists()


@pytest.mark.tensorflow
def test_the_page_has_the_end_states_and_the_paths(project: Path) -> None:
    (project / "sound.py").write_text(SOUND, encoding="utf-8")
    (project / "old.py").write_text("import tensorflow as tf\nprint tf.GradientTape\n", encoding="utf-8")
    done = tapefix("migrate", ".", "--report", "out", "--output-format", "json", cwd=project)
    assert done.returncode == 2, done.stderr
    files = embedded((project / "out" / "index.html").read_text(encoding="utf-8"))
    assert {file["name"]: file["state"] for file in files} == {
        "a.py": "fixed and verified",
        "b.py": "fixed and verified",
        "old.py": "cannot parse",
        "sound.py": "unchanged",
    }
    [drawn] = next(file for file in files if file["name"] == "b.py")["paths"]
    assert [box["title"] for box in drawn["boxes"] if box["kind"] == "break"] == ["y.numpy()"]
    again = tapefix("migrate", ".", "--report", "out", "--output-format", "json", cwd=project)
    assert json.loads(again.stdout)["summary"] == json.loads(done.stdout)["summary"]
    assert embedded((project / "out" / "index.html").read_text(encoding="utf-8")) == files
