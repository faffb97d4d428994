"""Taking writes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tapefix.source.undoing import FOLDER, KEPT, Backup, NothingToUndoError, undo, undo_root
from tapefix.source.writing import WriteError


def test_the_last_write_is_taken_back_byte_for_byte(tmp_path: Path) -> None:
    a, b = tmp_path / "a.py", tmp_path / "sub" / "b.py"
    b.parent.mkdir()
    for path in (a, b):
        path.write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    a.chmod(0o755)
    backup = Backup(tmp_path)
    for path in (a, b):
        backup.write(path, path.read_bytes(), b"x = 2\n")
    assert a.read_bytes() == b.read_bytes() == b"x = 2\n"
    done = undo(b.parent)
    assert set(done.restored) == {a, b} and not done.refused
    assert a.read_bytes() == b.read_bytes() == b"\xef\xbb\xbfx = 1\r\n"
    assert a.stat().st_mode & 0o777 == 0o755
    with pytest.raises(NothingToUndoError):
        undo(tmp_path)


def test_writes_are_taken_back_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"0")
    for step in range(KEPT + 5):
        Backup(tmp_path).write(path, path.read_bytes(), str(step + 1).encode())
    undone = 0
    while True:
        try:
            undo(tmp_path)
        except NothingToUndoError:
            break
        undone += 1
    assert undone == KEPT
    assert path.read_bytes() == b"5"


def test_a_file_that_changed_since_is_refused_and_stays_on_record(tmp_path: Path) -> None:
    a, b = tmp_path / "a.py", tmp_path / "b.py"
    backup = Backup(tmp_path)
    for path in (a, b):
        path.write_bytes(b"old")
        backup.write(path, b"old", b"new")
    a.write_bytes(b"mine")
    done = undo(tmp_path)
    assert done.restored == (b,) and "has changed since" in done.refused[0].message
    assert (a.read_bytes(), b.read_bytes()) == (b"mine", b"old")
    a.write_bytes(b"new")
    assert undo(tmp_path).restored == (a,)
    assert a.read_bytes() == b"old"


def test_a_deleted_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    Backup(tmp_path).write(path, b"old", b"new")
    path.unlink()
    assert "no such file" in undo(tmp_path).refused[0].message


def test_a_failed_write_leaves_no_record(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"other")
    with pytest.raises(WriteError):
        Backup(tmp_path).write(path, b"old", b"new")
    assert path.read_bytes() == b"other"
    with pytest.raises(NothingToUndoError):
        undo(tmp_path)


def test_what_cannot_be_kept_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    (tmp_path / FOLDER).write_bytes(b"a file in the way")
    with pytest.raises(WriteError, match="cannot be kept"):
        Backup(tmp_path).write(path, b"old", b"new")
    assert path.read_bytes() == b"old"


def test_a_damaged_record_restores_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    Backup(tmp_path).write(path, b"old", b"new")
    blob = next((tmp_path / FOLDER / "undo").glob("*/0"))
    blob.write_bytes(b"something else")
    assert "damaged" in undo(tmp_path).refused[0].message
    assert path.read_bytes() == b"new"


def test_git_does_not_see_the_records(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    Backup(tmp_path).write(path, b"old", b"new")
    assert (tmp_path / FOLDER / ".gitignore").read_text(encoding="utf-8") == "*\n"
    record = json.loads(next((tmp_path / FOLDER).glob("undo/*/record.json")).read_text(encoding="utf-8"))
    assert record["files"][0]["path"] == "a.py"


def test_a_moved_project_can_still_be_undone(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    path = tmp_path / "old" / "a.py"
    path.write_bytes(b"old")
    Backup(path.parent).write(path, b"old", b"new")
    path.parent.rename(tmp_path / "moved")
    undo(tmp_path / "moved")
    assert (tmp_path / "moved" / "a.py").read_bytes() == b"old"


def test_records_stand_beside_the_project_or_the_file(tmp_path: Path) -> None:
    (tmp_path / "p" / "src").mkdir(parents=True)
    (tmp_path / "p" / "pyproject.toml").touch()
    assert undo_root(tmp_path / "p" / "src" / "a.py") == tmp_path / "p"
    (tmp_path / "loose").mkdir()
    root = undo_root(tmp_path / "loose" / "a.py")
    assert root in (tmp_path / "loose", *tmp_path.parents)
