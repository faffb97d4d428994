"""Baselines: what is known is silent, what is new fails, and what is gone is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import BROKEN, REPAIRED, SOUND, tapefix
from tests.cli.test_since import SECOND, UNWATCHED


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.py").write_text(BROKEN + UNWATCHED, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.tapefix]\nbaseline = "known.json"\n', encoding="utf-8")
    return tmp_path


def record(folder: Path, *arguments: str) -> str:
    done = tapefix("check", "--write-baseline", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_recorded_is_known_until_its_line_changes(project: Path) -> None:
    assert record(project) == "known.json: 3 findings on record (3 new, 0 gone)\n"
    lines = (project / "known.json").read_text(encoding="utf-8").splitlines()
    assert lines[3] == ('    {"path": "a.py", "code": "TPF101", "line": "loss = tf.reduce_sum(y.numpy())"},')
    assert tapefix("check", cwd=project).stdout == "0 findings.\n"
    assert tapefix("check", "b.py", cwd=project / "sub").returncode == 0
    (project / "a.py").write_text("# one\n# two\n" + BROKEN.replace("    ", "\t"), encoding="utf-8")
    assert tapefix("check", cwd=project).returncode == 0, "lines above and the indentation do not count"
    (project / "a.py").write_text(BROKEN.replace("reduce_sum", "reduce_mean"), encoding="utf-8")
    done = tapefix("check", cwd=project)
    assert done.returncode == 1 and done.stdout.startswith("a.py:6:")
    assert "nothing is found any more for TPF101 in a.py: `loss = tf.reduce_sum(y.numpy())`" in done.stderr


def test_the_same_line_is_known_as_often_as_it_is_recorded(project: Path) -> None:
    record(project)
    twice = BROKEN + BROKEN.partition("\n")[2]
    (project / "a.py").write_text(twice, encoding="utf-8")
    done = tapefix("check", "a.py", cwd=project)
    assert done.returncode == 1 and done.stdout.startswith("a.py:12:") and "1 finding," in done.stdout
    assert record(project) == "known.json: 4 findings on record (1 new, 0 gone)\n"
    (project / "a.py").write_text(BROKEN, encoding="utf-8")
    done = tapefix("check", cwd=project)
    assert done.returncode == 0 and "TPF101 in a.py" in done.stderr


def test_what_was_not_looked_at_stays_on_record(project: Path) -> None:
    record(project)
    before = (project / "known.json").read_bytes()
    (project / "a.py").write_text(SOUND, encoding="utf-8")
    (project / "sub" / "b.py").write_text("GradientTape = (\n", encoding="utf-8")
    for arguments in (["sub"], ["--select", "TPF5"], ["sub/b.py", "--select", "TPF5"]):
        done = tapefix("check", *arguments, cwd=project)
        assert "any more" not in done.stderr, arguments
        tapefix("check", "--write-baseline", *arguments, cwd=project)
        assert (project / "known.json").read_bytes() == before, arguments
    done = tapefix("check", "--write-baseline", cwd=project)
    assert done.returncode == 2 and "2 findings on record (0 new, 1 gone)" in done.stdout
    (project / "sub" / "b.py").unlink()
    assert tapefix("check", "a.py", cwd=project).stderr.count("in sub/b.py") == 2
    (project / "a.py").write_text("print(1)\n", encoding="utf-8")
    assert "0 findings on record (0 new, 2 gone)" in record(project)
    assert json.loads((project / "known.json").read_bytes()) == {"tapefix-baseline": 1, "findings": []}


def test_fix_repairs_what_is_new_and_leaves_what_is_known(project: Path) -> None:
    record(project)
    (project / "a.py").write_text(BROKEN + SECOND, encoding="utf-8")
    done = tapefix("fix", "a.py", "--no-verify", "--write", cwd=project)
    assert done.returncode == 0, done.stderr
    assert (project / "a.py").read_text(encoding="utf-8") == BROKEN + SECOND.replace("y.numpy()", "y")
    done = tapefix("fix", "a.py", "--no-verify", "--write", "--baseline", "none.json", cwd=project)
    assert done.returncode == 2 and "none.json: there is no such baseline" in done.stderr
    (project / "none.json").write_text('{"tapefix-baseline": 1, "findings": []}', encoding="utf-8")
    done = tapefix("fix", "a.py", "--no-verify", "--write", "--baseline", "none.json", cwd=project)
    assert (project / "a.py").read_text(encoding="utf-8").startswith(REPAIRED)


BAD = {
    "no JSON": (b"{\n  oops", "known.json:2:3: this is no baseline: expecting property name"),
    "another version": (b'{"tapefix-baseline": 2, "findings": []}', "written by a newer tapefix"),
    "another document": (b'{"version": 1}', "this is no baseline"),
    "another entry": (b'{"tapefix-baseline": 1, "findings": [{"path": "a.py"}]}', "this is no baseline"),
    "no object": (b"[]", "this is no baseline"),
    "no text": (b"\xff\xfe", "this is no baseline"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("option", [[], ["--write-baseline"]])
def test_a_file_that_is_none_is_refused_and_left_alone(project: Path, kind: str, option: list[str]) -> None:
    data, message = BAD[kind]
    (project / "known.json").write_bytes(data)
    done = tapefix("check", *option, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert (project / "known.json").read_bytes() == data


def test_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    for arguments, message in (
        (["--write-baseline"], "no file is named"),
        (["--write-baseline", "--since", "HEAD"], "exclude each other"),
        (["--write-baseline", "--baseline", "no/such/folder/x.json"], "nothing was written"),
        (["--write-baseline", "--baseline", "x.json", "--output-format", "json"], "--output-format text"),
    ):
        done = tapefix("check", *arguments, cwd=tmp_path)
        assert done.returncode == 2 and message in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "a.py"]


def test_statistics(project: Path) -> None:
    done = tapefix("check", "--statistics", "--ignore", "TPF3", cwd=project)
    assert done.returncode == 2, "the settings name a baseline that is not there"
    (project / "pyproject.toml").unlink()
    done = tapefix("check", "--statistics", cwd=project)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "2  TPF101  numpy-method-on-path",
        "1  TPF201  unwatched-tensor",
        "3 findings, 3 with a rewrite. `tapefix fix` shows the rewrites.",
    ]
