"""The working copy: a project's files as a run may change them, restored before each run."""

from __future__ import annotations

import os
import shutil
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path

# Never copied: large, or no business of a run. They stay reachable, read-only.
APART = frozenset({".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "site-packages"})
DROPPED = frozenset({".tapefix", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".ipynb_checkpoints"})

Stamp = tuple[int, int, int, int]
SURE = 1_000_000_000
"""Nanoseconds after which a folder that changes again has another time of change, by any file system's clock."""


@dataclass
class Found:
    """What is in the project: its files and links, its folders, and the folders that are not copied."""

    files: dict[str, Stamp] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    apart: set[str] = field(default_factory=set)


@dataclass
class Plan:
    """What is to be in the copy."""

    copies: dict[str, Stamp] = field(default_factory=dict)
    """Files, with the stamps that they have in the project."""
    links: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    left_out: int = 0


@dataclass
class Listing:
    """The names in a folder of the copy, as long as the folder has this stamp."""

    stamp: Stamp
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


@dataclass
class Scan:
    """What is in the copy: its files and links with their stamps, and its folders."""

    files: dict[str, Stamp] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    listings: dict[str, Listing] = field(default_factory=dict)
    """Of the folders that have been left alone long enough for their stamps to tell whether they still are."""


class Workspace:
    """A copy of `project` in `folder` that can be brought back to the project's state.

    Both are looked at before and after every run, so that work is done only for what is not as it was.
    """

    def __init__(self, project: Path, folder: Path, *, max_bytes: int, max_files: int, rest: Path | None) -> None:
        self.project = project
        self.folder = folder
        self.max_bytes = max_bytes
        self.max_files = max_files
        self.rest = rest
        """Where a run sees the project's own files, read-only: what is not copied is linked to there."""
        self._own = str(folder.parent)
        self._found = Found()
        self._plan = Plan()
        self._copied: dict[str, Stamp] = {}
        """What the project's files were when they were copied."""
        self._linked: set[str] = set()
        self._state: dict[str, Stamp] = {}
        """What the copy's files were when it was made ready."""
        self._now: Scan | None = None
        """What was found after the last run."""
        self._last = Scan()

    @property
    def left_out(self) -> int:
        """How many files and folders were too large to copy."""
        return self._plan.left_out

    def restore(self) -> None:
        """Make the copy equal to the project as it is now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        now = self._now or self._scan()
        self._now = None
        found = self._look()
        if found != self._found:
            self._found, self._plan = found, self._choose(found)
        plan = self._plan
        changed = {path for path, _ in now.files.items() ^ self._state.items()}
        copies = changed & plan.copies.keys() | {path for path, _ in plan.copies.items() - self._copied.items()}
        links = changed & plan.links | (plan.links - self._linked)
        # First of all, so that nothing is written through a link that a run has put in a folder's place.
        self._prune(plan, now)
        self._copied, self._linked, self._state = plan.copies.copy(), plan.links.copy(), now.files
        for path in copies:
            self._copy(path)
        if self.rest is not None:
            for path in links:
                self._link(path, self.rest)
        for path in copies | links:
            stamp = _stamp_of(f"{self.folder}/{path}")
            if stamp is None:
                # Unreadable: the run would not have been able to read it either. Tried again before the next one.
                self._state.pop(path, None)
                self._copied.pop(path, None)
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
        self._linked.discard(path)
        self._state[path] = _stamp(os.lstat(target))

    def changes(self) -> list[str]:
        """Return the files that differ from the state before the run: created, changed or removed."""
        # Every process of the run has ended, and nobody else writes here: what is found now holds until the next one.
        self._now = self._scan()
        names = {path for path, _ in self._now.files.items() ^ self._state.items()}
        return sorted(name for name in names if DROPPED.isdisjoint(name.split("/")))

    def _look(self) -> Found:
        """Look at the project; once it has more files than are copied, a folder is left apart as a whole."""
        found = Found()
        files = found.files
        pending = [""]
        # It grows: the folders nearest to the root come first.
        for folder in pending:
            if len(files) > self.max_files:
                found.apart.add(folder)
                continue
            try:
                with os.scandir(f"{self.project}/{folder}") as listing:
                    entries = list(listing)
            except OSError:
                continue
            prefix = ""
            if folder:
                if any(entry.name == "pyvenv.cfg" for entry in entries):
                    found.apart.add(folder)
                    continue
                found.folders.add(folder)
                prefix = folder + "/"
            inner = []
            for entry in entries:
                name = entry.name
                if name in DROPPED:
                    continue
                try:
                    if not entry.is_dir(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                            files[prefix + name] = _stamp(status)
                    elif name in APART:
                        found.apart.add(prefix + name)
                    elif entry.path != self._own:
                        inner.append(prefix + name)
                except OSError:
                    continue
            pending += sorted(inner)
        return found

    def _choose(self, found: Found) -> Plan:
        """Choose what is copied: the nearest to the root first, until the budget is spent."""
        plan = Plan(folders=found.folders)
        room = self.max_bytes
        for path in sorted(found.files, key=lambda path: (path.count("/"), path.split("/"))):
            size = found.files[path][0]
            # One file may take no more than a fourth of the room, so that the others find some.
            if size <= min(room, self.max_bytes // 4) and len(plan.copies) + len(plan.links) < self.max_files:
                room -= size
                plan.copies[path] = found.files[path]
            else:
                plan.left_out += 1
                plan.links.add(path)
        plan.links |= found.apart
        if self.rest is None:
            plan.links.clear()
        return plan

    def _scan(self) -> Scan:
        """Look at the copy, without following links."""
        now = Scan()
        files = now.files
        known = self._last.listings
        top = str(self.folder)
        moment = time.time_ns()
        pending = [""]
        for folder in pending:
            stamp = _stamp_of(f"{top}/{folder}")
            if stamp is None:
                continue
            # Names come and go, and a folder or a link takes a file's place, only by a change of the folder.
            listing = known.get(folder)
            if listing is None or listing.stamp != stamp:
                listing = _list(top, folder, stamp)
            if moment - max(stamp[1], stamp[2]) > SURE:
                now.listings[folder] = listing
            now.folders.update(listing.folders)
            pending += listing.folders
            for path in listing.files:
                found = _stamp_of(f"{top}/{path}")
                if found is not None:
                    files[path] = found
        self._last = now
        return now

    def _copy(self, path: str) -> None:
        target = self.folder / path
        _remove(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(self.project / path, target, follow_symlinks=False)
        except OSError:
            return

    def _link(self, path: str, rest: Path) -> None:
        target = self.folder / path
        _remove(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(rest / path)

    def _prune(self, plan: Plan, now: Scan) -> None:
        """Remove what the project does not have, and make the folders that it has."""
        for path in now.files.keys() - plan.copies.keys() - plan.links:
            _remove(self.folder / path)
            del now.files[path]
        # Outer folders first: those inside are gone with them.
        for path in sorted(now.folders - plan.folders):
            _remove(self.folder / path)
        for path in sorted(plan.folders - now.folders):
            (self.folder / path).mkdir(parents=True, exist_ok=True)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _stamp_of(path: str) -> Stamp | None:
    try:
        return _stamp(os.lstat(path))
    except OSError:
        return None


def _list(top: str, folder: str, stamp: Stamp) -> Listing:
    found = Listing(stamp)
    prefix = f"{folder}/" if folder else ""
    try:
        with os.scandir(f"{top}/{folder}") as entries:
            for entry in entries:
                names = found.folders if entry.is_dir(follow_symlinks=False) else found.files
                names.append(prefix + entry.name)
    except OSError:
        pass
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
