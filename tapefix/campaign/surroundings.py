"""What a file's run may depend on besides its own text: the modules that it may import, and the project's data."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tapefix.verify.workspace import APART, DROPPED

_WORD = re.compile(rb"[^\W\d]\w*")


@dataclass
class _Module:
    """A Python file of the project."""

    path: str
    words: frozenset[str] | None = None
    digest: str = ""


@dataclass
class Surroundings:
    """The files of one project, as far as they matter to runs of its scripts; read when first asked for.

    A module counts for a script whose text holds its name, or that of a folder it is in, and so on from there: more
    than is imported, but nothing less, however it is imported. Data counts for every script, by size and time.
    """

    project: Path
    entry: str | None = None
    """The `--run` that leads to each file: then every module counts."""
    _modules: dict[str, list[_Module]] = field(default_factory=dict)
    """By each name that an import of it would hold."""
    _data: str | None = None

    def digest(self, path: Path, text: bytes) -> str:
        """A digest of all that a run of this file may see besides its text."""
        data = self._scan()
        whole = hashlib.sha256(data.encode("ascii"))
        if self.entry is not None:
            found = {module.path: module for named in self._modules.values() for module in named}
        else:
            found = self._reached(text)
        found.pop(os.path.realpath(path), None)
        for name in sorted(found):
            whole.update(os.fsencode(name) + b"\0" + self._read(found[name]).digest.encode("ascii"))
        return whole.hexdigest()

    def _reached(self, text: bytes) -> dict[str, _Module]:
        found: dict[str, _Module] = {}
        pending = [_words(text)]
        while pending:
            for word in pending.pop():
                for module in self._modules.get(word, ()):
                    if module.path not in found:
                        found[module.path] = module
                        pending.append(self._read(module).words or frozenset())
        return found

    def _scan(self) -> str:
        """Look through the project, once, and return a digest of its data."""
        if self._data is not None:
            return self._data
        data = hashlib.sha256()
        for relative, entry in project_files(str(self.project)):
            if entry.name.endswith(".py"):
                module = _Module(os.path.realpath(entry.path))
                for name in {part.removesuffix(".py") for part in relative.split("/")} - {"__init__"}:
                    self._modules.setdefault(name, []).append(module)
            elif not entry.name.endswith(".ipynb"):
                status = entry.stat(follow_symlinks=False)
                data.update(os.fsencode(f"{relative}\0{status.st_size}\0{status.st_mtime_ns}\n"))
        self._data = data.hexdigest()
        return self._data

    def _read(self, module: _Module) -> _Module:
        if module.words is None:
            try:
                content = Path(module.path).read_bytes()
            except OSError:
                content = b""
            module.digest = hashlib.sha256(content).hexdigest()
            module.words = _words(content) & self._modules.keys()
        return module


def _words(text: bytes) -> frozenset[str]:
    return frozenset(word.decode("utf-8", "replace") for word in _WORD.findall(text))


def project_files(project: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The files of a project that a run would find in its working copy, in a stable order."""
    stack = [""]
    while stack:
        prefix = stack.pop()
        try:
            with os.scandir(f"{project}/{prefix}") as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError:
            continue
        if prefix and any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        below = []
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in APART and entry.name not in DROPPED:
                        below.append(f"{prefix}{entry.name}/")
                elif entry.is_file():
                    yield prefix + entry.name, entry
            except OSError:
                continue
        stack.extend(reversed(below))
