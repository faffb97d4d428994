"""Unified diffs that `patch -p1` and `git apply` take."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tapefix.source.text import SourceText

_NO_NEWLINE = "\\ No newline at end of file\n"
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\v": "\\v"}


def split_lines(text: str) -> list[str]:
    """Lines as `patch` sees them: they end at LF only, so that a CR stays part of its line."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def unified_diff(before: str, after: str, name: str, context: int = 3) -> str:
    """The difference of two texts, each line ended by LF; empty when there is none."""
    pieces = []
    old, new = patch_name(name, "a"), patch_name(name, "b")
    for line in difflib.unified_diff(split_lines(before), split_lines(after), old, new, n=context):
        pieces.append(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}")
    return "".join(pieces)


def file_diff(before: SourceText, after: str, name: str | None = None) -> str:
    """The difference that writing `after` makes to a file, its BOM included."""
    shown = relative_name(before.name) if name is None else name
    return unified_diff(before.whole, before.with_text(after).whole, shown)


def patch_bytes(diff: str, encoding: str) -> bytes:
    """A diff in the encoding of its file: a patch is applied to bytes."""
    pieces = []
    for index, line in enumerate(split_lines(diff)):
        # The two lines that name the file follow the file system and not the file.
        if index < 2:
            pieces.append(os.fsencode(line))
        elif line[1:2] == "\ufeff":
            pieces.append(line[0].encode() + b"\xef\xbb\xbf" + line[2:].encode(encoding))
        else:
            pieces.append(line.encode(encoding))
    return b"".join(pieces)


def relative_name(name: str) -> str:
    """The name of a file in a patch that is applied in the current directory, if the file is in there."""
    here = Path.cwd()
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        path = Path(os.path.abspath(path))  # noqa: PTH100 - Path.resolve would follow links
        path = path.relative_to(here) if path.is_relative_to(here) else path.relative_to(path.anchor)
    return path.as_posix()


def patch_name(name: str, side: str) -> str:
    """A name as it stands in a patch's header: quoted as git does where it must be."""
    if any(character in _ESCAPES or ord(character) < 32 for character in name):
        quoted = "".join(_ESCAPES.get(c) or (f"\\{ord(c):03o}" if ord(c) < 32 else c) for c in name)
        return f'"{side}/{quoted}"'
    # A tab ends a name that holds spaces.
    return f"{side}/{name}\t" if " " in name else f"{side}/{name}"
