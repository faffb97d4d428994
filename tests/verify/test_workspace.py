"""The working copy: whatever a run or the user does to a file, the next run finds the project's state."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tapefix.verify import workspace
from tapefix.verify.workspace import Workspace


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in ("train.py", "data/a.txt", "data/deep/b.txt", "package/__init__.py", "package/model.py"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "link").symlink_to("data/a.txt")
    return root


def make(project: Path, *, most: int = 1000, room: int = 1_000_000, rest: Path | None = None) -> Workspace:
    return Workspace(project, project.parent / "base" / "copy", max_bytes=room, max_files=most, rest=rest)


def tree(root: Path) -> dict[str, str]:
    """Every file, link and folder below a root, with what it holds."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = "/" if path.is_dir() else path.read_text()
    return found


def keeping_times(path: Path, text: str) -> None:
    """Write a text of the same length, and give the file back the time of its last change."""
    before = path.stat()
    path.write_text(text)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def linked_away(copy: Path) -> None:
    shutil.rmtree(copy / "data")
    (copy / "data").symlink_to(copy.parent.parent / "elsewhere")


def file_to_folder(copy: Path) -> None:
    (copy / "train.py").unlink()
    (copy / "train.py").mkdir()
    (copy / "train.py" / "inner.txt").write_text("inner")


def renamed(copy: Path) -> None:
    (copy / "package/model.py").rename(copy / "package/other.py")


def replaced_by_a_link(copy: Path) -> None:
    (copy / "train.py").unlink()
    (copy / "train.py").symlink_to("data/a.txt")


def led_elsewhere(copy: Path) -> None:
    (copy / "link").unlink()
    (copy / "link").symlink_to("train.py")


def cached(copy: Path) -> None:
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__/x.pyc").write_text("x")


DEEDS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "changed": (lambda copy: (copy / "data/a.txt").write_text("changed"), ["data/a.txt"]),
    "changed and dated back": (lambda copy: keeping_times(copy / "data/a.txt", "DATA/A.TXT"), ["data/a.txt"]),
    "created": (lambda copy: (copy / "data/deep/new.txt").write_text("new"), ["data/deep/new.txt"]),
    "removed": (lambda copy: (copy / "package/model.py").unlink(), ["package/model.py"]),
    "renamed": (renamed, ["package/model.py", "package/other.py"]),
    "replaced by a link": (replaced_by_a_link, ["train.py"]),
    "a link led elsewhere": (led_elsewhere, ["link"]),
    "a folder replaced by a link": (linked_away, ["data", "data/a.txt", "data/deep/b.txt"]),
    "a file replaced by a folder": (file_to_folder, ["train.py", "train.py/inner.txt"]),
    "an empty folder made": (lambda copy: (copy / "package/empty").mkdir(), []),
    "a folder removed": (lambda copy: shutil.rmtree(copy / "data/deep"), ["data/deep/b.txt"]),
    "what is not a change": (cached, []),
}


@pytest.mark.parametrize("aged", [True, False], ids=["listings kept", "listings made anew"])
@pytest.mark.parametrize("name", DEEDS)
def test_what_a_run_did_is_seen_and_undone(
    project: Path, name: str, aged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "SURE", 20_000_000 if aged else workspace.SURE)
    deed, seen = DEEDS[name]
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.txt").write_text("not to be touched")
    space = make(project)
    for _ in range(3):
        space.restore()
        assert tree(space.folder) == tree(project)
        time.sleep(0.04 if aged else 0)
        assert space.changes() == []
        space.restore()
        deed(space.folder)
        assert space.changes() == seen
    space.restore()
    assert tree(space.folder) == tree(project)
    assert tree(elsewhere) == {"a.txt": "not to be touched"}


@pytest.mark.parametrize("name", [name for name in DEEDS if name != "what is not a change"])
def test_what_the_user_did_is_in_the_next_run(project: Path, name: str) -> None:
    space = make(project)
    (project.parent / "elsewhere").mkdir()
    space.restore()
    space.changes()
    DEEDS[name][0](project)
    space.restore()
    assert tree(space.folder) == tree(project)
    assert space.changes() == []


def test_the_text_under_test_is_no_change_and_does_not_stay(project: Path) -> None:
    space = make(project)
    for text in (b"before", b"after"):
        space.restore()
        space.put("train.py", text)
        space.put("new/script.py", text)
        assert (space.folder / "train.py").read_bytes() == (space.folder / "new/script.py").read_bytes() == text
        assert space.changes() == []
    space.restore()
    assert tree(space.folder) == tree(project)


def test_the_copy_may_lie_in_the_project(project: Path) -> None:
    state = tree(project)
    space = Workspace(project, project / "tmp" / "copy", max_bytes=1000, max_files=100, rest=None)
    for _ in range(2):
        space.restore()
        assert tree(space.folder) == state
        assert space.changes() == []


def test_what_is_too_large_is_linked_until_it_fits(project: Path) -> None:
    (project / "large.bin").write_text("x" * 400)
    (project / ".venv" / "lib").mkdir(parents=True)
    (project / "other" / "lib").mkdir(parents=True)
    (project / "other" / "pyvenv.cfg").write_text("")
    space = make(project, room=1000, rest=project)
    for _ in range(2):
        space.restore()
        assert space.left_out == 1
        for name in ("large.bin", ".venv", "other"):
            assert (space.folder / name).readlink() == project / name
        (space.folder / "large.bin").unlink()
        assert space.changes() == ["large.bin"]
    (project / "large.bin").write_text("small")
    space.restore()
    assert not (space.folder / "large.bin").is_symlink() and (space.folder / "large.bin").read_text() == "small"
    (project / "large.bin").write_text("x" * 400)
    space.restore()
    assert (space.folder / "large.bin").readlink() == project / "large.bin"


def test_room_that_becomes_free_is_used(project: Path) -> None:
    """A file that was linked for want of room is copied, unchanged itself, once there is room."""
    for name in ("a", "b", "c", "d", "e"):
        (project / f"{name}.bin").write_text("x" * 240)
    space = make(project, room=1000, rest=project)
    space.restore()
    assert (space.folder / "e.bin").is_symlink()
    (project / "a.bin").unlink()
    space.restore()
    assert (space.folder / "e.bin").is_file() and not (space.folder / "e.bin").is_symlink()


def test_the_files_nearest_to_the_root_are_copied(project: Path) -> None:
    space = make(project, most=3, rest=project)
    space.restore()
    copied = [name for name, holds in tree(space.folder).items() if holds == name]
    assert copied == ["data/a.txt", "train.py"]
    assert tree(space.folder)["link"] == "-> data/a.txt"
    for _ in range(2):
        space.restore()
        assert space.changes() == []
        for path in project.rglob("*"):
            if path.is_file():
                assert (space.folder / path.relative_to(project)).read_bytes() == path.read_bytes()


def test_a_file_that_could_not_be_copied_is_tried_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = shutil.copy2

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    space = make(project)
    monkeypatch.setattr(shutil, "copy2", full)
    space.restore()
    assert not (space.folder / "train.py").exists()
    monkeypatch.setattr(shutil, "copy2", plain)
    space.restore()
    assert tree(space.folder) == tree(project)
