"""Which line of an earlier text a line of a later one comes from."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher


def line_origins(before: str, after: str) -> list[int]:
    """For each line of `after`, counted from 1 (index 0 is unused), the line of `before` that it comes from.

    A line that is new gets the line of `before` that stands where it was put.
    """
    old, new = before.splitlines(), after.splitlines()
    origins = [0] * (len(new) + 2)
    for tag, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for offset in range(j_end - j):
            same = tag in ("equal", "replace")
            origins[j + offset + 1] = min(i + offset, max(i_end - 1, i)) + 1 if same else min(i + 1, max(len(old), 1))
    origins[len(new) + 1] = len(old) + 1
    return origins


def compose(earlier: Sequence[int], later: Sequence[int]) -> list[int]:
    """The origins of a text two steps on, from those of each step."""
    return [earlier[line] if line < len(earlier) else earlier[-1] for line in later]
