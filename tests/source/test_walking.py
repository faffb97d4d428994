"""Finding files: what git ignores stays out, and nothing that happens on the way ends the walk."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tapefix.source.errors import SourceError
from tapefix.source.ignoring import compile_patterns
from tapefix.source.walking import candidates, walk

TAPE = b"GradientTape\n"


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(TAPE)


def found(root: Path, given: str | None = None, exclude: list[str] | None = None) -> list[str]:
    patterns = compile_patterns(str(root), exclude) if exclude else None
    errors: list[SourceError] = []
    start = str(root) if given is None else str(root / given)
    names = [os.path.relpath(name, root) for name, _ in candidates(start, errors.append, exclude=patterns)]
    assert not errors
    return names


def test_python_files_with_a_tape_in_a_stable_order(tmp_path: Path) -> None:
    make(tmp_path, "b.py", "a.py", "c/d.py", "c.txt", "e.pyi", "Z/x.py")
    (tmp_path / "none.py").write_bytes(b"x = 1\n")
    assert found(tmp_path) == ["a.py", "b.py", "Z/x.py", "c/d.py"]


def test_hidden_and_foreign_folders_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, ".venv/a.py", ".git/b.py", "node_modules/c.py", "lib/site-packages/d.py", "__pycache__/e.py", "f.py")
    make(tmp_path, "myenv/lib/g.py")
    (tmp_path / "myenv" / "pyvenv.cfg").touch()
    assert found(tmp_path) == ["f.py"]
    assert found(tmp_path, ".venv") == [".venv/a.py"]


def test_a_given_file_comes_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_bytes(b"x = 1\n")
    assert list(candidates(str(path), pytest.fail)) == [(str(path), None)]


IGNORE = {
    ".gitignore": "# comment\n*.gen.py\n/top.py\nskipped/\n!kept.gen.py\nsp\\ ace.py\ndeep/**/x.py\n",
    "sub/.gitignore": "!top.gen.py\nlocal.py\n/only/\n*.tmp\n",
    "other/.gitignore": "*\n!*/\n!yes.py\n",
}
FILES = [
    "a.py", "b.gen.py", "kept.gen.py", "top.py", "sub/top.py", "sub/top.gen.py", "sub/other.gen.py", "sub/local.py",
    "sub/in/local.py", "local.py", "skipped/a.py", "sub/skipped/a.py", "sub/only/a.py", "sub/in/only/a.py", "sp ace.py",
    "deep/a/b/x.py", "deep/x.py", "deep/a/y.py", "other/no.py", "other/yes.py", "other/in/yes.py", "private.py",
]  # fmt: skip


@pytest.mark.parametrize("start", ["", "sub", "other", "deep/a"])
def test_the_same_files_as_git(tmp_path: Path, start: str) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    make(tmp_path, *FILES)
    for name, content in IGNORE.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("private.py\n", encoding="utf-8")
    command = ["git", "ls-files", "--others", "--exclude-standard", "--", start or "."]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split("\n")
    wanted = sorted(name for name in listed if name.endswith(".py"))
    assert sorted(found(tmp_path, start or None)) == wanted
    assert wanted


def test_an_ignored_folder_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("skipped/\n", encoding="utf-8")
    make(tmp_path, "skipped/a.py")
    assert found(tmp_path) == []
    assert found(tmp_path, "skipped") == ["skipped/a.py"]


def test_the_configuration_excludes(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "legacy/b.py", "c/legacy/d.py", "c/e_test.py")
    assert found(tmp_path, exclude=["legacy/", "*_test.py"]) == ["a.py"]
    assert found(tmp_path, "c", exclude=["/legacy"]) == ["c/e_test.py", "c/legacy/d.py"]


def test_links_make_no_circle_and_no_double(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "sub/b.py")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    (tmp_path / "z.py").symlink_to(tmp_path / "a.py")
    (tmp_path / "broken.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    os.mkfifo(tmp_path / "pipe.py")
    assert found(tmp_path) == ["a.py", "sub/b.py"]


def test_what_vanishes_on_the_way_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a/x.py", "b/y.py", "c/z.py", "d.py")
    names = []
    for name, _ in walk(str(tmp_path), str(tmp_path), pytest.fail):
        names.append(os.path.relpath(name, tmp_path))
        shutil.rmtree(tmp_path / "b", ignore_errors=True)
    assert names == ["d.py", "a/x.py", "c/z.py"]


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xff.py")).write_bytes(TAPE)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert [os.fsencode(name) for name in found(tmp_path)] == [b"\xff.py"]
