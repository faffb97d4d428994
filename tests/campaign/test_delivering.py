"""Where repairs go besides the tree, and the way back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.campaign.trees import REUSED, content, migrate, plant
from tests.cli.running import BROKEN, REPAIRED, tapefix

BOTH = BROKEN + REUSED.removeprefix("import tensorflow as tf\n")


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    plant(tmp_path, 4)
    odd = tmp_path / 'it\'s "odd" é'
    odd.mkdir()
    (odd / "new\nline.py").write_text(BROKEN, encoding="utf-8")
    (odd / "executable.py").write_text(BOTH, encoding="utf-8")
    (odd / "executable.py").chmod(0o755)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "-m", "as it was")
    return tmp_path


def test_a_patch_that_git_applies(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = content(repository)
    patch = tmp_path_factory.mktemp("patch") / "all.patch"
    done = tapefix("migrate", ".", "--no-verify", "--patch", patch, cwd=repository)
    assert "`git apply` takes it" in done.stdout, done.stderr
    assert content(repository) == before
    git(repository, "apply", "--check", str(patch))
    git(repository, "apply", str(patch))
    patched = content(repository)
    git(repository, "checkout", "--quiet", ".")
    migrate(".", "--no-verify", "--write", cwd=repository)
    assert content(repository) == patched != before


def test_a_patch_that_cannot_be_written(repository: Path) -> None:
    done = tapefix("migrate", ".", "--no-verify", "--patch", "nowhere/all.patch", cwd=repository)
    assert done.returncode == 2 and "the patch was not written" in done.stderr


@pytest.mark.parametrize("by", ["rule", "file"])
def test_commits_on_a_branch(repository: Path, by: str) -> None:
    before = content(repository)
    head = git(repository, "rev-parse", "HEAD")
    document = migrate(".", "--no-verify", "--git", by, cwd=repository)
    branch = f"tapefix/{document['campaign']['id']}"
    assert (content(repository), git(repository, "rev-parse", "HEAD")) == (before, head)
    assert git(repository, "status", "--porcelain") == ""
    subjects = git(repository, "log", "--format=%s", f"HEAD..{branch}").splitlines()
    if by == "rule":
        assert [subject[:6] for subject in subjects] == ["TPF401", "TPF101"]
    else:
        assert len(subjects) == 6
    messages = git(repository, "log", "--format=%B", f"HEAD..{branch}")
    assert "line 6: " in messages and document["campaign"]["id"] in messages
    git(repository, "checkout", "--quiet", branch)
    on_branch = content(repository)
    assert os.access(repository / 'it\'s "odd" é' / "executable.py", os.X_OK)
    git(repository, "checkout", "--quiet", "-")
    migrate(".", "--no-verify", "--write", cwd=repository)
    assert content(repository) == on_branch


def test_uncommitted_changes_are_left_alone(repository: Path) -> None:
    mine, staged, new = (repository / "part0" / name for name in ("script0.py", "staged.py", "new.py"))
    staged.write_text(BROKEN, encoding="utf-8")
    git(repository, "add", "part0/staged.py")
    new.write_text(BROKEN, encoding="utf-8")
    mine.write_text(mine.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    before, status = content(repository), git(repository, "status", "--porcelain")
    done = tapefix("migrate", ".", "--no-verify", "--git", "file", cwd=repository)
    assert done.returncode == 2
    for path in (mine, staged, new):
        (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"part0/{path.name}: ")]
        assert "left out: it has changes of yours that are not committed" in line
    assert (content(repository), git(repository, "status", "--porcelain")) == (before, status)
    branch = git(repository, "branch", "--list", "tapefix/*").strip()
    changed = git(repository, "diff", "--name-only", "-z", f"HEAD..{branch}").split("\0")
    assert "part1/deep/script1.py" in changed and not {"part0/script0.py", "part0/new.py"} & set(changed)


def test_no_repository(tmp_path: Path) -> None:
    plant(tmp_path, 1)
    done = tapefix("migrate", ".", "--no-verify", "--git", "rule", cwd=tmp_path)
    assert done.returncode == 2 and "not a git repository" in done.stdout


def test_undo_refuses_what_has_changed_since(tmp_path: Path) -> None:
    plant(tmp_path, 3)
    before = content(tmp_path)
    document = migrate(".", "--no-verify", "--write", cwd=tmp_path)
    name = document["campaign"]["id"]
    mine = tmp_path / "part0" / "script0.py"
    mine.write_text("x = 1\n", encoding="utf-8")
    done = tapefix("undo", name, cwd=tmp_path / "part1")
    assert done.returncode == 1 and "script0.py: error: left as it is: it has changed since" in done.stderr
    assert mine.read_text(encoding="utf-8") == "x = 1\n"
    assert {**content(tmp_path), "part0/script0.py": ""} == {**before, "part0/script0.py": ""}
    again = tapefix("undo", name[:10], cwd=tmp_path)
    assert again.returncode == 1 and "restored" not in again.stdout
    assert "was taken back" in tapefix("migrate", "--resume", cwd=tmp_path).stderr


def test_undo_alone_is_about_the_last_write(tmp_path: Path) -> None:
    plant(tmp_path, 2)
    document = migrate("part1", "--no-verify", "--write", cwd=tmp_path)
    done = tapefix("undo", cwd=tmp_path / "part1")
    assert done.returncode == 1 and f"`tapefix undo {document['campaign']['id']}`" in done.stderr
    done = tapefix("undo", "20200101-000000-abcd", cwd=tmp_path)
    assert done.returncode == 2 and "there is no campaign 20200101-000000-abcd" in done.stderr


def test_a_review_that_is_left_goes_on(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(BOTH if name == "b.py" else BROKEN, encoding="utf-8")
    first = tapefix("migrate", ".", "--no-verify", "--interactive", cwd=tmp_path, stdin="y\ny\nq\n")
    assert first.returncode == 1 and "1 still open: `tapefix migrate --resume` goes on." in first.stdout, first.stdout
    texts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.py")}
    assert texts["a.py"] == REPAIRED and texts["c.py"] == BROKEN
    assert "y.numpy()" not in texts["b.py"] and "persistent" not in texts["b.py"]
    second = tapefix("migrate", "--resume", cwd=tmp_path, stdin="n\n")
    assert second.stderr.count("? [y,n,a,q,?] ") == 1 and "open" not in second.stdout
    assert (tmp_path / "c.py").read_text(encoding="utf-8") == BROKEN
    name = next((tmp_path / ".tapefix" / "campaigns").iterdir()).name
    assert tapefix("undo", name, cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == BROKEN


def test_answers_survive_a_kill(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(BOTH, encoding="utf-8")
    import sys
    import time

    process = subprocess.Popen(
        [sys.executable, "-m", "tapefix.cli.main", "migrate", ".", "--no-verify", "-i"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(b"y\n")
    process.stdin.flush()
    seen, until = b"", time.monotonic() + 60
    while seen.count(b"[y,n,a,q,?] ") < 2 and time.monotonic() < until:
        seen += process.stderr.read1(4096)
    process.kill()
    process.wait()
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == BOTH
    done = tapefix("migrate", "--resume", cwd=tmp_path, stdin="y\n")
    assert done.stderr.count("[y,n,a,q,?] ") == 1, done.stderr
    text = (tmp_path / "a.py").read_text(encoding="utf-8")
    assert "y.numpy()" not in text and "persistent=True" in text
