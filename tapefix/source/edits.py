"""Edits: the pieces of text that a rewrite replaces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Edit:
    """Replace `text[start:end]` by `replacement`; offsets count code points. `start == end` inserts.

    `shared` says that two findings that ask for this same edit mean one and the same change (`persistent=True` on
    a tape, an import), so that it is applied once. Without it, two equal insertions are both applied.
    """

    start: int
    end: int
    replacement: str
    shared: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"an edit needs 0 <= start <= end, not {self.start}, {self.end}")

    def overlaps(self, other: Edit) -> bool:
        """Whether both edits want the same characters. Two insertions at one place do not exclude each other."""
        if self.start == self.end and other.start == other.end:
            return False
        if self.start == self.end:
            return other.start < self.start < other.end
        if other.start == other.end:
            return self.start < other.start < self.end
        return self.start < other.end and other.start < self.end


class OverlappingEditsError(ValueError):
    """Two edits of one set replace the same characters."""


def ordered_edits(edits: Iterable[Edit]) -> list[Edit]:
    """Edits by position, insertions at one place in the order given; equal edits that are `shared` stand once."""
    wanted: list[Edit] = []
    seen: set[Edit] = set()
    for edit in edits:
        if edit.shared and edit in seen:
            continue
        seen.add(edit)
        wanted.append(edit)
    return sorted(wanted, key=lambda edit: (edit.start, edit.end))


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with every edit applied; equal edits that are `shared` are applied once.

    Insertions at one place keep the order in which they were given.

    Raises:
        OverlappingEditsError: two different edits replace the same characters.
    """
    pieces: list[str] = []
    position = 0
    for edit in ordered_edits(edits):
        if edit.start < position:
            raise OverlappingEditsError(f"two edits replace the text at offset {edit.start}")
        pieces.append(text[position : edit.start])
        pieces.append(edit.replacement)
        position = edit.end
    pieces.append(text[position:])
    return "".join(pieces)


def conflicts(edits: Sequence[Edit], others: Iterable[Edit]) -> bool:
    """Whether any of `edits` overlaps any of `others` without being one change that both share."""
    taken = list(others)
    return any(edit.overlaps(other) and not (edit.shared and edit == other) for other in taken for edit in edits)
