"""The journal of a campaign: lines that are only ever appended, and the bytes that it needs to go on or back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tapefix.campaign.codec import line
from tapefix.source.errors import SourceError
from tapefix.source.undoing import FOLDER, KEPT, store
from tapefix.source.writing import reason_of, sync_directory

CAMPAIGNS = "campaigns"
JOURNAL = "journal"
VERSION = 1
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
ID_LIKE = re.compile(r"\d{8}(-\d{0,6}(-[0-9a-f]{0,4})?)?")
"""A campaign's name, or how one begins."""


class JournalError(SourceError):
    """The journal cannot be written or read; nothing was written by the step that asked for it."""


def digest(data: bytes) -> str:
    """What content is known by."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Record:
    """One line of a journal."""

    kind: str
    content: dict[str, Any]


class Journal:
    """A campaign's folder, open for appending; one process at a time has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / JOURNAL
        self._blobs = folder / "blobs"
        self._kept: set[str] = set()
        try:
            self._blobs.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError as error:
            raise JournalError(self.path, f"the journal cannot be kept: {reason_of(error)}") from None
        try:
            self._lock()
            self._end_last_line()
        except BaseException:
            os.close(self._file)
            raise
        sync_directory(folder)

    @classmethod
    def create(cls, root: Path) -> Journal:
        """A new campaign's journal below `root`.

        Raises:
            JournalError: the folder cannot be written.
        """
        home = root / FOLDER
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        try:
            (home / CAMPAIGNS).mkdir(parents=True, exist_ok=True)
            ignore = home / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        except OSError as error:
            raise JournalError(home, f"the journal cannot be kept: {reason_of(error)}") from None
        for old in campaigns(root)[: -(KEPT - 1)]:
            # One that is still running stays.
            with contextlib.suppress(JournalError), cls(old):
                shutil.rmtree(old, ignore_errors=True)
        return cls(home / CAMPAIGNS / name)

    @property
    def id(self) -> str:
        """What the campaign is called."""
        return self.folder.name

    @property
    def root(self) -> Path:
        """The folder that holds `.tapefix/`."""
        return self.folder.parents[2]

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def append(self, kind: str, *, lasting: bool = False, **content: Any) -> None:
        """Add a line; a `lasting` one is there after a power cut, once this returns.

        Raises:
            JournalError: it cannot be written; the journal is as it was.
        """
        data = line({"kind": kind, **content})
        before = os.fstat(self._file).st_size
        try:
            _write_all(self._file, data)
            if lasting:
                os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, before)
            raise JournalError(self.path, f"the journal cannot be kept: {reason_of(error)}") from None

    def keep(self, data: bytes) -> str:
        """Keep bytes by their digest, through a power cut, and return it.

        Raises:
            JournalError: they cannot be kept.
        """
        name = digest(data)
        if name not in self._kept and self.blob(name) is None:
            try:
                store(self._blobs / name, data)
            except OSError as error:
                raise JournalError(self._blobs / name, f"the old text cannot be kept: {reason_of(error)}") from None
        self._kept.add(name)
        return name

    def blob(self, name: str) -> bytes | None:
        """What `keep` was given; None when there is no such thing, or it is damaged."""
        return read_blob(self.folder, name)

    def _lock(self) -> None:
        try:
            import fcntl
        except ImportError:
            # Not a POSIX system: then nobody looks.
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalError(self.path, "this campaign is still running in another process") from None
        except OSError:
            # A file system without locks.
            return

    def _end_last_line(self) -> None:
        """A line that was cut short stays by itself: readers pass it over."""
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            try:
                _write_all(self._file, b"\n")
            except OSError as error:
                raise JournalError(self.path, f"the journal cannot be kept: {reason_of(error)}") from None


def records(folder: Path) -> Iterator[Record]:
    """The lines of a campaign's journal. What a kill or a power cut has damaged is passed over.

    Raises:
        JournalError: there is none, or it was written by a newer tapefix.
    """
    path = folder / JOURNAL
    try:
        data = path.read_bytes()
    except OSError as error:
        raise JournalError(path, f"this journal cannot be read: {reason_of(error)}") from None
    for text in data.split(b"\n"):
        try:
            content = json.loads(text)
            kind = content.pop("kind")
        except (ValueError, AttributeError, KeyError, TypeError):
            continue
        if kind == "begin" and content.get("version") != VERSION:
            raise JournalError(path, "this journal was written by another version of tapefix")
        yield Record(str(kind), content)


def read_blob(folder: Path, name: str) -> bytes | None:
    """Bytes that a campaign keeps; None when there are no such, or they are damaged."""
    try:
        data = (folder / "blobs" / name).read_bytes()
    except OSError:
        return None
    return data if digest(data) == name else None


def campaigns(root: Path) -> list[Path]:
    """The folders of the campaigns below `root` that have begun, oldest first."""
    try:
        return sorted(
            entry
            for entry in (root / FOLDER / CAMPAIGNS).iterdir()
            if _ID.fullmatch(entry.name) and (entry / JOURNAL).is_file() and (entry / JOURNAL).stat().st_size
        )
    except OSError:
        return []


def find_campaign(start: Path, name: str = "") -> Path | None:
    """The folder of a campaign in `start` or the nearest folder above that has any: the named one, or the last."""
    start = Path(os.path.realpath(start))
    for root in (start, *start.parents):
        found = campaigns(root)
        if name:
            found = [folder for folder in found if folder.name.startswith(name)]
            if len(found) > 1:
                raise JournalError(root, f"{len(found)} campaigns have a name that begins with {name}")
        if found:
            return found[-1]
    return None


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
