"""`--since REV`: findings on what has changed, in real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapefix.source.since import Changes, changes_between
from tests.cli.running import BROKEN, REPAIRED, tapefix

SECOND = BROKEN.partition("\n")[2].replace("tape", "other").replace("x", "z")
"""The same once more, with other names, to stand below it."""
UNWATCHED = """
c = tf.constant(2.0)
with tf.GradientTape() as third:
    d = c * c
print(third.gradient(d, c))
"""


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *names, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, message: str = "x") -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a.py").write_text(BROKEN, encoding="utf-8")
    commit(tmp_path, "first")
    return tmp_path


def found(folder: Path, *arguments: str) -> list[str]:
    done = tapefix("check", *arguments, cwd=folder)
    lines = [line.split(": ")[0].rsplit(":", 1)[0] for line in done.stdout.splitlines() if ": TPF" in line]
    assert done.returncode == (1 if lines else 0), done.stderr
    return lines


def test_committed_staged_and_edited_lines_count_and_old_ones_do_not(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    path = repository / "a.py"
    assert found(repository, "--since", first) == []
    path.write_text("# above\n" + BROKEN + SECOND, encoding="utf-8")
    assert found(repository, "--since", first) == ["a.py:13"]
    git(repository, "add", "-A")
    assert found(repository, "--since", "main") == ["a.py:13"]
    second = commit(repository)
    assert found(repository, "--since", first) == ["a.py:13"]
    assert found(repository, "--since", second) == []
    path.write_text(path.read_text(encoding="utf-8").replace("y = x * x", "y = x * x * x"), encoding="utf-8")
    # The line of the finding is as it was, and so are its query and its tape.
    assert found(repository, "--since", second) == []
    path.write_text(path.read_text(encoding="utf-8").replace("print(tape", "print('g', tape"), encoding="utf-8")
    assert found(repository, "--since", second) == ["a.py:7"], "a query that changed has a finding that is new to it"


WATCHED = """
e = tf.constant(2.0)
with tf.GradientTape() as fourth:
    f = 1.0
    fourth.watch(e)
    # the square

    g = e * e
    h = f * g
print(fourth.gradient(h, e))
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    fourth.watch(e)\n", ""),
        ("    f = 1.0\n    fourth.watch(e)\n    # the square\n", "    f = 2.0\n"),
        ("    fourth.watch(e)\n    # the square\n\n", ""),
    ],
)
def test_what_was_removed_between_a_tape_and_its_query_counts(repository: Path, old: str, new: str) -> None:
    path = repository / "a.py"
    text = BROKEN + UNWATCHED + WATCHED
    path.write_text(text, encoding="utf-8")
    first = commit(repository)
    assert old in text and found(repository) == ["a.py:6", "a.py:12"]
    path.write_text(text.replace(old, new), encoding="utf-8")
    (line,) = found(repository, "--since", first)
    assert path.read_text(encoding="utf-8").splitlines()[int(line[5:]) - 1] == "print(fourth.gradient(h, e))"
    done = tapefix("fix", "a.py", "--no-verify", "--write", "--since", first, cwd=repository)
    assert done.returncode == 0, done.stderr
    repaired = path.read_text(encoding="utf-8")
    assert repaired.startswith(BROKEN + UNWATCHED) and "fourth.watch(e)" in repaired


def test_what_was_removed_elsewhere_does_not_count(repository: Path) -> None:
    path = repository / "a.py"
    text = "import os\nimport tensorflow as tf\n\nLIMIT = 3\n" + BROKEN.partition("\n")[2] + "\n\nprint(LIMIT)\n"
    path.write_text(text, encoding="utf-8")
    first = commit(repository)
    for old in ("import os\n", "\n\nprint(LIMIT)\n", "LIMIT = 3\n"):
        assert found(repository) == ["a.py:9"]
        path.write_text(text.replace(old, ""), encoding="utf-8")
        assert found(repository, "--since", first) == [], old
        path.write_text(text, encoding="utf-8")
    # An empty line is nothing that anybody misses; what stands next to its finding is.
    inside = text.replace("    y = x * x\n", "    y = x * x\n\n    z = y\n")
    path.write_text(inside, encoding="utf-8")
    second = commit(repository)
    path.write_text(inside.replace("x * x\n\n", "x * x\n"), encoding="utf-8")
    assert found(repository, "--since", second) == []
    path.write_text(inside.replace("    z = y\n", ""), encoding="utf-8")
    assert len(found(repository, "--since", second)) == 1


def test_untracked_files_are_new_and_ignored_ones_too_when_they_are_named(repository: Path) -> None:
    (repository / "sub dir").mkdir()
    (repository / "sub dir" / "n\né.py").write_text(BROKEN, encoding="utf-8")
    (repository / "left.py").write_text(BROKEN, encoding="utf-8")
    (repository / ".gitignore").write_text("left.py\n", encoding="utf-8")
    done = tapefix("check", ".", "--since", "HEAD", "--output-format", "github", cwd=repository)
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == ["::warning file=sub dir/n%0Aé.py"]
    assert found(repository, "--since", "HEAD", "left.py") == ["left.py:6"]


@pytest.mark.parametrize("staged", [True, False])
def test_a_renamed_file_is_followed(repository: Path, staged: bool) -> None:
    (repository / "new").mkdir()
    moved = repository / "new" / "b.py"
    (repository / "a.py").rename(moved)
    if staged:
        git(repository, "add", "-A")
    assert found(repository, "--since", "HEAD") == []
    moved.write_text(BROKEN + UNWATCHED, encoding="utf-8")
    assert found(repository, "--since", "HEAD") == ["new/b.py:12"]
    assert git(repository, "status", "--porcelain", "-z").startswith("R" if staged else "D a.py")


def test_what_others_did_since_we_parted_is_not_ours(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "topic")
    (repository / "a.py").write_text(BROKEN + UNWATCHED, encoding="utf-8")
    commit(repository)
    git(repository, "checkout", "-q", "main")
    (repository / "a.py").write_text(
        BROKEN.replace("    loss = tf.reduce_sum(y.numpy())", "    loss = 0"), encoding="utf-8"
    )
    commit(repository)
    git(repository, "checkout", "-q", "topic")
    assert found(repository, "--since", "main") == ["a.py:12"]


def test_line_ends_do_not_count(repository: Path) -> None:
    git(repository, "config", "core.autocrlf", "true")
    (repository / "a.py").write_bytes((BROKEN + UNWATCHED).replace("\n", "\r\n").encode())
    assert found(repository, "--since", "HEAD") == ["a.py:12"]


def test_cells_of_a_notebook(repository: Path) -> None:
    path = repository / "a.ipynb"

    def write(*sources: str) -> None:
        cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)

    write(BROKEN, "print(1)")
    commit(repository)
    write("# first\n", BROKEN, UNWATCHED)
    done = tapefix("check", "a.ipynb", "--since", "HEAD", cwd=repository)
    assert [line.split(": ")[0] for line in done.stdout.splitlines() if ": TPF" in line] == ["a.ipynb:cell 3:5:25"]


def test_fix_leaves_alone_what_is_not_ours(repository: Path) -> None:
    path = repository / "a.py"
    path.write_text(BROKEN + UNWATCHED, encoding="utf-8")
    done = tapefix("fix", "a.py", "--no-verify", "--write", "--since", "HEAD", cwd=repository)
    assert done.returncode == 0, done.stderr
    text = path.read_text(encoding="utf-8")
    assert text.startswith(BROKEN) and "third.watch(c)" in text
    assert tapefix("fix", "a.py", "--no-verify", "--write", cwd=repository).returncode == 0
    assert path.read_text(encoding="utf-8").startswith(REPAIRED)


def test_what_cannot_be_said_is_said(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for revision in ("nonsense", "--output=x", "", "HEAD:a.py"):
        done = tapefix("check", "--since", revision, cwd=repository)
        assert (done.returncode, done.stdout) == (2, ""), revision
        assert done.stderr.startswith(f"error: {revision!r} names no commit of the repository"), done.stderr
    assert not (repository / "x").exists()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.py").write_text(BROKEN, encoding="utf-8")
    done = tapefix("check", "--since", "HEAD", cwd=elsewhere)
    assert done.returncode == 2 and "a.py is in no git repository" in done.stderr
    done = tapefix("check", "--since", "HEAD", cwd=repository, env={"PATH": os.fspath(elsewhere)})
    assert done.returncode == 2 and "git cannot be started" in done.stderr


def test_a_hook_s_own_repository_is_not_mistaken_for_the_file_s(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q")
    (repository / "a.py").write_text(BROKEN + UNWATCHED, encoding="utf-8")
    hook = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": str(other / ".git/index")}
    done = tapefix("check", "--since", "HEAD", cwd=repository, env=hook)
    assert done.returncode == 1 and done.stdout.startswith("a.py:12:"), done.stderr


lines = st.lists(st.sampled_from(["a", "b", "", "\x0c", "\x85", "c c"]), max_size=8)


@given(lines, lines)
def test_lines_that_are_not_new_were_there(old: list[str], new: list[str]) -> None:
    before, after = "\n".join(old), "\r\n".join(new)
    changes = changes_between(before, after)
    kept = [line for number, line in enumerate(after.split("\r\n"), start=1) if number not in changes.lines]
    remaining = iter(before.split("\n"))
    assert all(any(line == other for other in remaining) for line in kept)
    count = len(after.split("\r\n"))
    assert changes.lines <= set(range(1, count + 1)) and changes.removals <= set(range(count + 1))
    if sum(map(bool, map(str.strip, new))) < sum(map(bool, map(str.strip, old))):
        assert changes.removals, "something is gone, and somewhere that is seen"
    assert changes_between(before, before.replace("\n", "\r")) == Changes()
