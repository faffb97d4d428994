"""What of a file has changed since a revision: what git knows of it, uncommitted and untracked files included."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from tapefix.source.errors import SourceError
from tapefix.source.lines import Lines
from tapefix.source.opening import NOTEBOOK, read_source
from tapefix.source.text import SourceText

_RAW = re.compile(rb":(?P<old>\d+) \d+ (?P<blob>[0-9a-f]+) [0-9a-f]+ (?P<status>[A-Z])\d*")
_LINK = b"120000"
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""What a hook of git sets, and would lead to the repository of the hook instead of the file's."""


class HistoryError(Exception):
    """What has changed cannot be said; the message says why."""


@dataclass(frozen=True)
class Changes:
    """What is not as it was in a text. Lines count from 1."""

    lines: frozenset[int] = frozenset()
    """Those that are new, and those next to which others were removed."""
    removals: frozenset[int] = frozenset()
    """Those behind which there are fewer lines than there were; 0 stands for the beginning."""


class History:
    """What has changed since a revision, in whichever repository each file is.

    Where the revision and the current commit have gone separate ways, it is what has changed since they parted: what
    others have done since then on the other side is nobody's change here.
    """

    def __init__(self, revision: str) -> None:
        self.revision = revision
        self._repositories: dict[Path, _Repository] = {}

    def touched(self, path: Path) -> bool:
        """Whether anything of a file has changed.

        Raises:
            HistoryError: it is in no repository, or the revision is not.
        """
        repository, name = self._find(path)
        return name in repository.changes or name not in repository.tracked

    def changed(self, path: Path, source: SourceText) -> Changes | None:
        """What of a file's text has changed; None when all of it is new.

        Raises:
            HistoryError: it is in no repository, or the revision is not.
        """
        repository, name = self._find(path)
        if name not in repository.changes:
            return Changes() if name in repository.tracked else None
        blob = repository.changes[name]
        if blob is None:
            return None
        try:
            before = read_source(path, source.name, repository.run("cat-file", "blob", blob))
        except SourceError:
            # What was no text before has no lines to compare with.
            return None
        return changes_between(before.text, source.text)

    def check(self, path: Path) -> None:
        """See that the revision means something for a file or folder, before anything is done.

        Raises:
            HistoryError: it is in no repository, or the revision is not.
        """
        repository, _ = self._find(path)
        repository.changes  # noqa: B018 - it is read once, and kept

    def _find(self, path: Path) -> tuple[_Repository, bytes]:
        real = Path(os.path.realpath(path))
        root = next((folder for folder in (real, *real.parents) if (folder / ".git").exists()), None)
        if root is None:
            raise HistoryError(f"{path} is in no git repository, so nothing is known of what has changed in it")
        if root not in self._repositories:
            self._repositories[root] = _Repository(root, self.revision)
        return self._repositories[root], os.fsencode(real.relative_to(root))


def changes_between(before: str, after: str) -> Changes:
    """What of `after` is not as it was; line ends do not count, nor empty lines that were removed."""
    old, new = _lines(before), _lines(after)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    lines: set[int] = set()
    removals: set[int] = set()
    for tag, old_start, old_end, start, end in matcher.get_opcodes():
        if tag == "equal":
            continue
        first, last = head + start + 1, head + end
        lines.update(range(first, last + 1))
        if _written(old[head + old_start : head + old_end]) > _written(new[head + start : head + end]):
            removals.add(last)
            if tag == "delete":
                lines.update(number for number in (last, first) if 1 <= number <= len(new))
    return Changes(frozenset(lines), frozenset(removals))


def _written(lines: Sequence[str]) -> int:
    """How many lines have something in them."""
    return sum(not line.isspace() and line != "" for line in lines)


def _lines(text: str) -> list[str]:
    lines = Lines(text)
    return [lines.line(number) for number in range(1, lines.count + 1)]


@dataclass(frozen=True)
class _Repository:
    root: Path
    revision: str

    @cached_property
    def changes(self) -> dict[bytes, str | None]:
        """The files that are not as they were, and the blob that holds what they were; None for what is new."""
        changes = self._changes()
        if any(status == b"D" for status, _ in changes.values()) and self._untracked:
            # git looks for the new name of a file among those that it knows of.
            changes = self._changes_with_untracked()
        return {name: blob for name, (status, blob) in changes.items() if status != b"D"}

    @cached_property
    def tracked(self) -> frozenset[bytes]:
        """The files in the index."""
        return frozenset(self.run("ls-files", "-z").split(b"\0"))

    @cached_property
    def _base(self) -> str:
        named = f"{self.revision}^{{commit}}"
        found = self._try("rev-parse", "--verify", "--quiet", "--end-of-options", named)
        if found.returncode:
            told = found.stderr.decode("utf-8", "replace").strip()
            raise HistoryError(told or f"{self.revision!r} names no commit of the repository {self.root}")
        commit = found.stdout.decode("ascii").strip()
        parted = self._try("merge-base", commit, "HEAD")
        return parted.stdout.decode("ascii").strip() or commit

    @cached_property
    def _untracked(self) -> list[bytes]:
        names = self.run("ls-files", "--others", "--exclude-standard", "-z").split(b"\0")
        return [name for name in names if name.endswith((b".py", os.fsencode(NOTEBOOK)))]

    def _changes(self, index: str | None = None) -> dict[bytes, tuple[bytes, str | None]]:
        options = ("--raw", "-z", "--no-abbrev", "--find-renames", "--ignore-submodules=all", "--no-ext-diff")
        fields = iter(self.run("diff", *options, self._base, "--", index=index).split(b"\0"))
        changes: dict[bytes, tuple[bytes, str | None]] = {}
        for field in fields:
            match = _RAW.fullmatch(field)
            if match is None:
                continue
            status, blob = match["status"], match["blob"].decode("ascii")
            name = next(fields)
            if status in (b"R", b"C"):
                name = next(fields)
            there = status not in (b"A", b"T") and match["old"] != _LINK and set(blob) != {"0"}
            # A file in conflict is listed twice.
            changes.setdefault(name, (status, blob if there else None))
        return changes

    def _changes_with_untracked(self) -> dict[bytes, tuple[bytes, str | None]]:
        index = Path(os.fsdecode(self.run("rev-parse", "--git-path", "index").rstrip(b"\n")))
        with tempfile.TemporaryDirectory(prefix="tapefix-") as folder:
            copy = Path(folder) / "index"
            shutil.copyfile(self.root / index, copy)
            listed = b"\0".join(self._untracked)
            self.run(
                "add", "--intent-to-add", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=listed, index=str(copy)
            )
            return self._changes(str(copy))

    def run(self, *arguments: str, stdin: bytes = b"", index: str | None = None) -> bytes:
        """What a command of git prints.

        Raises:
            HistoryError: it failed.
        """
        done = self._try(*arguments, stdin=stdin, index=index)
        if done.returncode:
            told = done.stderr.decode("utf-8", "replace").strip()
            raise HistoryError(f"git {arguments[0]} failed in {self.root}: {told}")
        return done.stdout

    def _try(self, *arguments: str, stdin: bytes = b"", index: str | None = None) -> subprocess.CompletedProcess[bytes]:
        # Neither programs that the repository names nor the settings of a hook have a part in this.
        command: Sequence[str] = ("git", "-c", "core.fsmonitor=false", "--literal-pathspecs", *arguments)
        environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"} | ({} if index is None else {"GIT_INDEX_FILE": index})
        try:
            return subprocess.run(
                command, cwd=self.root, input=stdin, capture_output=True, env=environment, check=False
            )
        except OSError as error:
            raise HistoryError(f"git cannot be started: {error.strerror}") from None
