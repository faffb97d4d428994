"""The working copy: a project's files as a run may change them, restored before each run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Never copied: large, or no business of a run. They stay reachable, read-only.
APART = frozenset({".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "site-packages"})
DROPPED = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ipynb_checkpoints"})

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True)
class Entry:
    """One file of the project, or a folder that is not copied."""

    path: str
    stamp: Stamp
    apart: bool


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

    def restore(self) -> None:
        """Make the copy equal to the project as it is now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        wanted: dict[str, Stamp] = {}
        folders: set[str] = set()
        self.left_out = 0
        room = self.max_bytes
        for entry in self._walk(folders):
            size = entry.stamp[0]
            # One file may take no more than a fourth of the room, so that the others find some.
            fits = size <= min(room, self.max_bytes // 4) and len(wanted) < self.max_files
            if entry.apart or not fits:
                self.left_out += not entry.apart
                if self.rest is not None:
                    self._link(entry.path, self.rest)
                    wanted[entry.path] = entry.stamp
                continue
            room -= size
            wanted[entry.path] = entry.stamp
            self._copy(entry)
        self._prune(set(wanted), folders)
        self._copied = wanted
        self._state = _scan(self.folder)

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
        now = _scan(self.folder)
        names = {name for name in now.keys() | self._state.keys() if now.get(name) != self._state.get(name)}
        return sorted(name for name in names if not any(part in DROPPED for part in name.split("/")))

    def _walk(self, folders: set[str]) -> Iterator[Entry]:
        """Yield files, nearest to the root first; whole folders become links when the budget is spent."""
        pending = [""]
        seen = 0
        while pending:
            relative = pending.pop(0)
            try:
                entries = sorted(os.scandir(self.project / relative), key=lambda entry: entry.name)
            except OSError:
                continue
            if relative:
                folders.add(relative)
            for entry in entries:
                path = f"{relative}/{entry.name}" if relative else entry.name
                try:
                    if entry.name in DROPPED or entry.path == self._own:
                        continue
                    stamp = _stamp(entry.stat(follow_symlinks=False))
                    if entry.is_dir(follow_symlinks=False):
                        environment = Path(entry.path, "pyvenv.cfg").exists()
                        if entry.name in APART or environment or seen > self.max_files:
                            yield Entry(path, stamp, apart=True)
                        else:
                            pending.append(path)
                    elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                        seen += 1
                        yield Entry(path, stamp, apart=False)
                except OSError:
                    continue

    def _copy(self, entry: Entry) -> None:
        target = self.folder / entry.path
        if self._copied.get(entry.path) == entry.stamp and self._state.get(entry.path) == _stamp_of(target):
            return
        _remove(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(self.project / entry.path, target, follow_symlinks=False)
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

    def _prune(self, wanted: set[str], folders: set[str]) -> None:
        keep = set(folders)
        for path in wanted:
            parts = path.split("/")[:-1]
            keep.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        for folder in folders:
            target = self.folder / folder
            if target.is_symlink() or (target.exists() and not target.is_dir()):
                target.unlink()
            target.mkdir(parents=True, exist_ok=True)
        for base, inner, files in os.walk(self.folder, topdown=True):
            relative = os.path.relpath(base, self.folder)
            prefix = "" if relative == "." else relative + "/"
            for name in list(inner):
                path = prefix + name
                if path not in keep and path not in wanted:
                    _remove(Path(base, name))
                    inner.remove(name)
                elif Path(base, name).is_symlink():
                    inner.remove(name)
            for name in files:
                if prefix + name not in wanted:
                    _remove(Path(base, name))


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _stamp_of(path: Path) -> Stamp | None:
    try:
        return _stamp(os.lstat(path))
    except OSError:
        return None


def _scan(folder: Path) -> dict[str, Stamp]:
    found: dict[str, Stamp] = {}
    for base, inner, files in os.walk(folder):
        links = [path for path in (Path(base, name) for name in inner) if path.is_symlink()]
        for path in [Path(base, name) for name in files] + links:
            try:
                found[os.path.relpath(path, folder)] = _stamp(os.lstat(path))
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
