"""Which files a walk leaves out: `.gitignore` files, as git reads them, and the `exclude` of the configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

DEFAULT_DIRECTORIES = frozenset(
    ("__pycache__", "__pypackages__", "node_modules", "site-packages", "venv", "build", "dist", "_build", "buck-out")
)
"""Directories that hold other people's code, or copies. Hidden ones are left out as well."""

_FOLDER = "ps_d"
"""The group that in pathspec's expressions holds the slash after a folder's name."""


@dataclass(frozen=True)
class Patterns:
    """The patterns of one ignore file, for paths below its directory."""

    base: str
    """The directory, ended by a separator."""
    any: re.Pattern[str]
    """Matches what one of the patterns matches: nearly every path is done with this one test."""
    each: tuple[tuple[re.Pattern[str], bool], ...]
    """The patterns from last to first, and whether each leaves out (or takes back in)."""

    def decide(self, path: str, directory: bool) -> bool | None:
        """Whether a path is left out; None when no pattern speaks of it."""
        if not path.startswith(self.base):
            return None
        relative = path[len(self.base) :]
        if os.sep != "/":
            relative = relative.replace(os.sep, "/")
        if directory:
            relative += "/"
        if not self.any.search(relative):
            return None
        return next((include for pattern, include in self.each if _names(pattern, relative)), None)


def _names(pattern: re.Pattern[str], path: str) -> bool:
    """Whether a pattern means this path itself, and not only a folder above it, which was decided before."""
    if _FOLDER not in pattern.groupindex:
        return pattern.search(path) is not None
    return any(match.end(_FOLDER) in (-1, len(path)) for match in pattern.finditer(path))


def compile_patterns(base: str, lines: Iterable[str]) -> Patterns | None:
    """The patterns of some lines in the syntax of `.gitignore`; None when there are none."""
    from pathspec import GitIgnoreSpec

    each: list[tuple[re.Pattern[str], bool]] = []
    for line in lines:
        try:
            parsed = list(GitIgnoreSpec.from_lines([line]).patterns)
        except ValueError:
            # git passes over what it cannot read as well.
            continue
        for pattern in parsed:
            regex = getattr(pattern, "regex", None)
            if pattern.include is not None and regex is not None:
                each.append((re.compile(regex), pattern.include))
    if not each:
        return None
    # A named group may stand only once in a pattern.
    alternatives = "|".join(f"(?:{re.sub(r'[(][?]P<[^>]+>', '(?:', pattern.pattern)})" for pattern, _ in each)
    prefix = base if base.endswith(os.sep) else base + os.sep
    return Patterns(prefix, re.compile(alternatives), tuple(reversed(each)))


def read_ignore_file(path: Path, base: str) -> Patterns | None:
    """The patterns of an ignore file; None when there is none that can be read."""
    try:
        return compile_patterns(base, path.read_text(encoding="utf-8", errors="surrogateescape").splitlines())
    except OSError:
        return None


def left_out(chain: tuple[Patterns, ...], path: str, directory: bool) -> bool:
    """Whether a path is left out by ignore files, of which the deeper one (the last) has the word."""
    for patterns in reversed(chain):
        decision = patterns.decide(path, directory)
        if decision is not None:
            return decision
    return False


def covers(patterns: Patterns, path: str) -> bool:
    """Whether patterns mean a file, or a folder that it is in."""
    if not path.startswith(patterns.base):
        return False
    folders = [str(folder) for folder in Path(path).parents if str(folder).startswith(patterns.base)]
    return any(patterns.decide(folder, True) for folder in folders) or bool(patterns.decide(path, False))


def chain_above(root: str) -> tuple[Patterns, ...]:
    """The ignore files that hold for a directory from above, up to its repository's root.

    Empty when they leave out the directory itself: it was asked for by name.
    """
    here = Path(root)
    repository = next((folder for folder in (here, *here.parents) if os.path.lexists(folder / ".git")), None)
    if repository is None:
        return ()
    between = [folder for folder in reversed(here.parents) if folder.is_relative_to(repository)]
    found = [read_ignore_file(_info_exclude(repository / ".git"), str(repository))]
    found += [read_ignore_file(folder / ".gitignore", str(folder)) for folder in between]
    chain = tuple(patterns for patterns in found if patterns is not None)
    return () if between and left_out(chain, root, True) else chain


def _info_exclude(git: Path) -> Path:
    """Where a repository keeps its private ignore file; a work tree or submodule has a `.git` file that tells."""
    directory = git
    if git.is_file():
        try:
            target = git.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir:").strip()
            directory = git.parent / target
            common = (directory / "commondir").read_text(encoding="utf-8", errors="surrogateescape").strip()
            directory /= common
        except OSError:
            # A submodule has no `commondir`.
            pass
    return directory / "info" / "exclude"
