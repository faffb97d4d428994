"""The working copy: a project's files as a run may change them, restored before each run."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Never copied: large, or no business of a run. They stay reachable, read-only.
APART = frozenset({".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "site-packages"})
DROPPED = frozenset({".tapefix", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ipynb_checkpoints"})

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class Entry:
    """One file of the project, or a folder that is not copied."""

    path: str
    stamp: Stamp
    apart: bool


@dataclass
class Scan:
    """What is in the copy: its files and links with their stamps, and its folders."""

    files: dict[str, Stamp] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


class Workspace:
    """A copy of `project` in `folder` that can be brought back to the project's state."""

    def __init__(self, project: Path, folder: Path, *, max_bytes: int, max_files: int, rest: Path | None) -> None:
        self.project = project
        self.folder = folder
        self.max_bytes = max_bytes
        self.max_files = max_files
        self.rest = rest
        """Where a run sees the project's own files, read-only: what is not copied is linked to there."""
        self._own = str(folder.parent)
        self.left_out = 0
        """How many files and folders were too large to copy."""
        self._copied: dict[str, Stamp] = {}
        self._state: dict[str, Stamp] = {}
        self._now: Scan | None = None
        """What was found after the last run."""

    def restore(self) -> None:
        """Make the copy equal to the project as it is now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        now = self._now or _scan(self.folder)
        self._now = None
        wanted: dict[str, Stamp] = {}
        folders: set[str] = set()
        copies: list[str] = []
        links: list[str] = []
        self.left_out = 0
        room = self.max_bytes
        for entry in self._walk(folders):
            size, path = entry.stamp[0], entry.path
            # One file may take no more than a fourth of the room, so that the others find some.
            fits = size <= min(room, self.max_bytes // 4) and len(wanted) < self.max_files
            if entry.apart or not fits:
                self.left_out += not entry.apart
                if self.rest is not None:
                    links.append(path)
                    wanted[path] = entry.stamp
                continue
            room -= size
            wanted[path] = entry.stamp
            known = now.files.get(path)
            if known is None or known != self._state.get(path) or self._copied.get(path) != entry.stamp:
                copies.append(path)
        # First of all, so that nothing is written through a link that a run has put in a folder's place.
        self._prune(wanted, folders, now)
        for path in copies:
            self._copy(path)
        if self.rest is not None:
            for path in links:
                self._link(path, self.rest)
        self._copied = wanted
        self._state = now.files
        for path in (*copies, *links):
            stamp = _stamp_of(self.folder / path)
            if stamp is None:
                self._state.pop(path, None)
            else:
                self._state[path] = stamp

    def put(self, path: str, data: bytes) -> None:
        """Write the text under test over its file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink():
            target.unlink()
        target.write_bytes(data)
        self._copied.pop(path, None)
        self._state[path] = _stamp(os.lstat(target))

    def changes(self) -> list[str]:
        """Return the files that differ from the state before the run: created, changed or removed."""
        # Every process of the run has ended, and nobody else writes here: what is found now holds until the next one.
        self._now = _scan(self.folder)
        now = self._now.files
        names = {name for name in now.keys() | self._state.keys() if now.get(name) != self._state.get(name)}
        return sorted(name for name in names if not any(part in DROPPED for part in name.split("/")))

    def _walk(self, folders: set[str]) -> Iterator[Entry]:
        """Yield files, nearest to the root first; whole folders become links when the budget is spent."""
        pending: deque[tuple[str, Stamp]] = deque([("", (0, 0, 0, 0))])
        seen = 0
        while pending:
            relative, own = pending.popleft()
            try:
                with os.scandir(f"{self.project}/{relative}") as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError:
                continue
            if relative:
                if any(entry.name == "pyvenv.cfg" for entry in entries):
                    yield Entry(relative, own, apart=True)
                    continue
                folders.add(relative)
            for entry in entries:
                path = f"{relative}/{entry.name}" if relative else entry.name
                try:
                    if entry.name in DROPPED or entry.path == self._own:
                        continue
                    stamp = _stamp(entry.stat(follow_symlinks=False))
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name in APART or seen > self.max_files:
                            yield Entry(path, stamp, apart=True)
                        else:
                            pending.append((path, stamp))
                    elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                        seen += 1
                        yield Entry(path, stamp, apart=False)
                except OSError:
                    continue

    def _copy(self, path: str) -> None:
        target = self.folder / path
        _remove(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(self.project / path, target, follow_symlinks=False)
        except OSError:
            # Unreadable: the run would not have been able to read it either.
            return

    def _link(self, path: str, rest: Path) -> None:
        target = self.folder / path
        wanted = str(rest / path)
        if target.is_symlink() and str(target.readlink()) == wanted:
            return
        _remove(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(wanted)

    def _prune(self, wanted: dict[str, Stamp], folders: set[str], now: Scan) -> None:
        """Remove what the project does not have, and make the folders that it has."""
        keep = set(folders)
        for path in wanted:
            parent = path.rpartition("/")[0]
            while parent and parent not in keep:
                keep.add(parent)
                parent = parent.rpartition("/")[0]
        for path in [path for path in now.files if path not in wanted]:
            _remove(self.folder / path)
            del now.files[path]
        # Outer folders first: those inside are gone with them.
        for path in sorted(now.folders - keep):
            _remove(self.folder / path)
        for path in sorted(folders - now.folders):
            (self.folder / path).mkdir(parents=True, exist_ok=True)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _stamp_of(path: Path) -> Stamp | None:
    try:
        return _stamp(os.lstat(path))
    except OSError:
        return None


def _scan(folder: Path) -> Scan:
    """Return what is in a folder, without following links."""
    found = Scan()
    top = str(folder)
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with os.scandir(f"{top}/{prefix}") as listing:
                for entry in listing:
                    path = prefix + entry.name
                    try:
                        if entry.is_dir(follow_symlinks=False):
                            found.folders.add(path)
                            pending.append(path + "/")
                        else:
                            found.files[path] = _stamp(entry.stat(follow_symlinks=False))
                    except OSError:
                        continue
        except OSError:
            continue
    return found


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    elif path.is_dir():
        remove_tree(path)


def remove_tree(path: Path) -> None:
    """Remove a folder, those in it that a run has made unwritable included."""
    for base, _, _ in os.walk(path):
        try:
            Path(base).chmod(0o700)
        except OSError:
            continue
    shutil.rmtree(path, ignore_errors=True)
