# ruff: noqa: PTH112, PTH118, PTH123
# A Path object per file would cost more than the walk itself.
"""Finding the files to look at, fast: a tree is mostly files that have no tape in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tapefix.source.errors import SourceError
from tapefix.source.ignoring import DEFAULT_DIRECTORIES, Patterns, chain_above, left_out, read_ignore_file

NEEDLES = (b"tapefix:", b"radient", b".minimize(", b"enable_eager_")
"""A file without any of these bytes holds nothing for a rule to find (nor a comment of ours to report)."""

_STEM = b"radient"
"""What `GradientTape` and `gradients(` have in common, so that most files are searched for both at once."""
_ASKING = (b".", b"compute_", b"get_")
"""What stands in front of `gradients(` where it is a call that asks without a tape; not so in `apply_gradients(`."""

OnError = Callable[[SourceError], None]


def candidates(
    given: str,
    on_error: OnError,
    *,
    exclude: Patterns | None = None,
    needles: Sequence[bytes] = NEEDLES,
    seen: set[str] | None = None,
    passed: list[str] | None = None,
) -> Iterator[tuple[str, bytes | None]]:
    """The files to look at for one path, in a stable order: the path, and its bytes where they were read already.

    A file that is given by name comes as it is, whatever is in it. A directory is walked for `*.py` and `*.ipynb` that
    hold a needle.
    What cannot be read is handed to `on_error`, and the rest goes on. `seen` holds the real paths that came already;
    files without a needle are added to `passed`.
    """
    seen = set() if seen is None else seen
    real = os.path.realpath(given)
    if not os.path.isdir(real):
        if real not in seen:
            seen.add(real)
            yield given, None
        return
    for name, key in walk(given, real, on_error, exclude):
        if key not in seen:
            seen.add(key)
            data = _read(name, on_error)
            if data is None:
                continue
            if holds(data, needles):
                yield name, data
            elif passed is not None:
                passed.append(name)


def holds(data: bytes, needles: Sequence[bytes] = NEEDLES) -> bool:
    """Whether a file has something in it for a rule to find."""
    return any(needle in data and (needle != _STEM or _asks(data)) for needle in needles)


def _asks(data: bytes) -> bool:
    """Whether there is a tape, or a call for gradients without one. (A pattern of alternatives takes far longer.)"""
    if b"GradientTape" in data:
        return True
    place = data.find(b"gradients(")
    while place >= 0:
        if data.endswith(_ASKING, max(place - 8, 0), place):
            return True
        place = data.find(b"gradients(", place + 1)
    return False


def walk(given: str, real: str, on_error: OnError, exclude: Patterns | None = None) -> Iterator[tuple[str, str]]:
    """The Python files and notebooks below a directory, as (path to show, real path).

    Links to directories are not followed.
    """
    prefix = "" if given == "." else os.path.join(given, "")
    chain = chain_above(real)
    if exclude is not None and not left_out((exclude,), real, True):
        chain = (exclude, *chain)
    stack = [(prefix, os.path.join(real, ""), chain)]
    while stack:
        prefix, base, chain = stack.pop()
        try:
            with os.scandir(base) as found:
                entries = sorted(found, key=_name)
        except FileNotFoundError:
            # Removed while we walked: there is nothing to say about it any more.
            continue
        except OSError as error:
            on_error(SourceError(prefix or ".", f"this directory cannot be read: {error.strerror}"))
            continue
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names and base != os.path.join(real, ""):
            continue
        if ".git" in names and base != os.path.join(real, ""):
            # A repository inside a repository has its own ignore files only; the configuration stays.
            chain = chain[:1] if exclude is not None and chain[:1] == (exclude,) else ()
        if ".gitignore" in names:
            patterns = read_ignore_file(Path(base + ".gitignore"), base)
            chain = chain if patterns is None else (*chain, patterns)
        below = []
        for entry in entries:
            name = entry.name
            kind = _kind(entry)
            if kind is None or (chain and left_out(chain, base + name, kind is _DIRECTORY)):
                continue
            if kind is _DIRECTORY:
                below.append((prefix + name + os.sep, base + name + os.sep, chain))
            else:
                yield prefix + name, os.path.realpath(base + name) if kind is _LINK else base + name
        stack.extend(reversed(below))


_ENDINGS = (".py", ".ipynb")
_DIRECTORY, _FILE, _LINK = "directory", "file", "link"


def _kind(entry: os.DirEntry[str]) -> str | None:
    """What a walk does with an entry; None when it passes it over."""
    name = entry.name
    try:
        if name.endswith(_ENDINGS) and entry.is_file():
            return _LINK if entry.is_symlink() else _FILE
        if name[0] != "." and name not in DEFAULT_DIRECTORIES and entry.is_dir(follow_symlinks=False):
            return _DIRECTORY
    except OSError:
        # It vanished, or is a link in a circle.
        pass
    return None


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _read(path: str, on_error: OnError) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        on_error(SourceError(path, f"this file cannot be read: {error.strerror}"))
        return None
