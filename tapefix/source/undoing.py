"""Keeping what a write replaces, and putting it back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from tapefix.source.errors import SourceError
from tapefix.source.text import read_bytes
from tapefix.source.writing import WriteError, replace_bytes, sync_directory

FOLDER = ".tapefix"
KEPT = 20
"""How many writes can be undone, one after the other."""


@dataclass
class _Entry:
    path: str
    before: str
    after: str
    blob: str


class Backup:
    """What one `tapefix fix --write` replaces, kept in `.tapefix/` before anything is written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder: Path | None = None
        self._entries: list[_Entry] = []

    def write(self, path: Path, old: bytes, new: bytes, name: str | None = None) -> None:
        """Replace a file, after keeping its old bytes.

        Raises:
            WriteError: the old bytes cannot be kept, or the file cannot be replaced; it is as it was.
        """
        real = Path(os.path.realpath(path))
        try:
            folder = self._open()
            blob = str(len(self._entries))
            store(folder / blob, old)
            self._entries.append(_Entry(portable(real, self.root), _digest(old), _digest(new), blob))
            store(folder / "record.json", _encode(self._entries))
        except OSError as error:
            message = f"nothing was written: the old text cannot be kept in {self.root / FOLDER}: {error.strerror}"
            raise WriteError(name or str(path), message) from None
        try:
            replace_bytes(path, old, new, name)
        except WriteError:
            self._forget_last(folder)
            raise

    def _open(self) -> Path:
        if self._folder is None:
            undo = self.root / FOLDER / "undo"
            undo.mkdir(parents=True, exist_ok=True)
            ignore = self.root / FOLDER / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
            folder = undo / f"{time.time_ns():020d}-{os.getpid()}"
            folder.mkdir()
            for old in _records(self.root)[: -(KEPT - 1)]:
                shutil.rmtree(old, ignore_errors=True)
            self._folder = folder
        return self._folder

    def _forget_last(self, folder: Path) -> None:
        entry = self._entries.pop()
        try:
            if self._entries:
                store(folder / "record.json", _encode(self._entries))
                (folder / entry.blob).unlink(missing_ok=True)
            else:
                shutil.rmtree(folder, ignore_errors=True)
                self._folder = None
        except OSError:
            # The record then names a write that never was; undo finds the file as it was and passes it over.
            pass


@dataclass(frozen=True)
class Undone:
    """What an undo did."""

    restored: tuple[Path, ...]
    refused: tuple[SourceError, ...]
    """Files that are left as they are, and why."""


class NothingToUndoError(Exception):
    """No write is on record."""


def undo_root(path: Path) -> Path:
    """Where the writes to a file are kept: its project's folder, else the file's own."""
    start = Path(os.path.realpath(path))
    start = start if start.is_dir() else start.parent
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").exists() or (folder / ".git").exists():
            return folder
    return start


def undo(start: Path) -> Undone:
    """Put back what the last write replaced, as recorded in `start` or the nearest folder above it.

    A file that has changed since that write is left alone and stays on record.

    Raises:
        NothingToUndoError: no write is on record.
        SourceError: the record cannot be read.
    """
    start = Path(os.path.realpath(start))
    for root in (start, *start.parents):
        records = _records(root)
        if records:
            return _restore(root, records[-1])
    raise NothingToUndoError(f"nothing to undo: {start} and the folders above it hold no record of a write")


def _restore(root: Path, folder: Path) -> Undone:
    entries = _decode(folder / "record.json")
    restored: list[Path] = []
    refused: list[SourceError] = []
    left: list[_Entry] = []
    for entry in entries:
        path = root / entry.path
        try:
            if put_back(path, entry.before, entry.after, read_bytes(folder / entry.blob)):
                restored.append(path)
        except SourceError as error:
            refused.append(error)
            left.append(entry)
    if left:
        store(folder / "record.json", _encode(left))
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return Undone(tuple(restored), tuple(refused))


def put_back(path: Path, before: str, after: str, old: bytes | None) -> bool:
    """Give a file its old bytes again; False when it holds them already. The digests say what a write did to it.

    Raises:
        SourceError: the file has changed since, its old text is lost, or it cannot be written; it is as it was.
    """
    now = read_bytes(path)
    if _digest(now) == before:
        return False
    if old is None or _digest(old) != before:
        raise WriteError(str(path), "left as it is: its old text on record is damaged")
    if _digest(now) != after:
        raise WriteError(str(path), "left as it is: it has changed since tapefix wrote it")
    replace_bytes(path, now, old)
    return True


def _records(root: Path) -> list[Path]:
    """The writes on record, oldest first."""
    try:
        return sorted(folder for folder in (root / FOLDER / "undo").iterdir() if (folder / "record.json").is_file())
    except OSError:
        return []


def portable(path: Path, root: Path) -> str:
    """Relative where it can be, so that a project that was moved can still be undone."""
    real = Path(os.path.realpath(root))
    return os.fspath(path.relative_to(real)) if path.is_relative_to(real) else os.fspath(path)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def store(path: Path, data: bytes) -> None:
    """Write a file of ours, whole or not at all, so that it lasts through a power cut."""
    temporary = path.with_name(path.name + "~")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def _encode(entries: list[_Entry]) -> bytes:
    return json.dumps({"version": 1, "files": [vars(entry) for entry in entries]}, indent=1).encode("ascii")


def _decode(path: Path) -> list[_Entry]:
    try:
        record = json.loads(path.read_bytes())
        if record["version"] != 1:
            raise SourceError(path, "this record was made by a newer tapefix")
        return [_Entry(**{key: str(value) for key, value in entry.items()}) for entry in record["files"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise SourceError(path, "this record of a write is damaged; remove its folder to undo the one before") from None
