"""The cells of a notebook as one program, and the way back: edits and lines of the program are those of its cells.

Between two cells stands a line of its own, and what is no Python is masked by a comment that names it. Both are found
again in every later text of the program, so that nothing has to be guessed: a text in which they are not as they were
is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tapefix.source.differing import edits_between
from tapefix.source.edits import Edit, apply_edits
from tapefix.source.errors import ParseError
from tapefix.source.lines import Lines
from tapefix.source.magics import TIMED, Masking, Stand, read_cell
from tapefix.source.places import CellLine

_NEWLINE = re.compile(r"\r\n|\r|\n")
_CODE = re.compile(r"^[ \t\f]*[^\s#]", re.MULTILINE)


class WithheldError(ValueError):
    """A change of the program that cannot be made to its cells; the message says why."""


@dataclass(frozen=True)
class _Piece:
    """A part of the program, and the part of a cell that it stands for."""

    start: int
    end: int
    cell: int
    cell_start: int
    cell_end: int
    masked: str = ""
    """What is masked there."""
    border: bool = False


@dataclass(frozen=True)
class Program:
    """The code cells of a notebook as one program. Cells count from 0, lines from 1, offsets from 0."""

    cells: tuple[str, ...]
    text: str
    numbers: tuple[int, ...]
    """What each cell is called."""
    key: str
    """What marks the lines and comments that are in no cell."""
    timed: bool
    """Whether `TIMED` stands for `%time`; not where a cell holds that itself."""
    maskings: tuple[Masking, ...] = field(repr=False)
    pieces: tuple[_Piece, ...] = field(repr=False)

    @classmethod
    def of(cls, cells: Iterable[str], numbers: Sequence[int] | None = None) -> Program:
        """Join cells to a program; they are called by `numbers`, else 1, 2, 3 and so on."""
        cells = tuple(cells)
        called = tuple(range(1, len(cells) + 1)) if numbers is None else tuple(numbers)
        return cls._built(cells, called, _free_key(cells), timed=not any(TIMED in text for text in cells))

    @classmethod
    def _built(cls, cells: tuple[str, ...], numbers: tuple[int, ...], key: str, *, timed: bool) -> Program:
        builder = _Builder(cells, key, timed=timed)
        for index in range(len(cells)):
            builder.add(index)
        text, maskings, pieces = "".join(builder.written), tuple(builder.maskings), tuple(builder.pieces)
        return cls(cells, text, numbers, key, timed, maskings, pieces)

    @cached_property
    def broken(self) -> Mapping[int, ParseError]:
        """The cells that are no Python by themselves, which are masked as a whole. Lines are those of the cell."""
        return {index: masking.error for index, masking in enumerate(self.maskings) if masking.error is not None}

    def place(self, line: int) -> tuple[int, int]:
        """The cell of a line of the program, and the line in it; behind a cell's last line it is one more."""
        offset = self._lines.starts[min(line, self._lines.count) - 1]
        index = max(bisect_right(self._cell_starts, offset) - 1, 0)
        first = self._lines.position(self._cell_starts[index])[0] if self._cell_starts else 1
        return index, line - first + 1

    def line(self, cell: int, line: int) -> int:
        """The line of the program that a line of a cell is."""
        return self._lines.position(self._cell_starts[cell])[0] + line - 1

    def named(self, line: int) -> CellLine:
        """A line of the program by the number of its cell."""
        if isinstance(line, CellLine):
            return line
        index, inside = self.place(line)
        return CellLine(line, self.numbers[index] if self.numbers else 1, inside)

    def naming(self, text: str) -> Callable[[int], int]:
        """How the lines of a later text of the program are called; plainly, when it has lost its cells."""
        try:
            return self.named if text == self.text else self.after(text).named
        except WithheldError:
            return int

    def after(self, text: str) -> Program:
        """The program that a later text of it is.

        Raises:
            WithheldError: its cells cannot be told apart, or what is masked has changed, or a cell is no Python now.
        """
        later = Program._built(self._decoded(text), self.numbers, self.key, timed=self.timed)
        for index, (old, new) in enumerate(zip(self.maskings, later.maskings, strict=True)):
            if new.error is not None and old.error is None:
                raise WithheldError(f"cell {self.numbers[index]} would not be Python by itself")
            if old.headed != new.headed or (old.whole and self.cells[index] != later.cells[index]):
                raise WithheldError(f"cell {self.numbers[index]} belongs to a magic")
        if later.text != text:
            raise WithheldError("it would move or change a magic or a shell line")
        return later

    def edits(self, edits: Iterable[Edit]) -> dict[int, tuple[Edit, ...]]:
        """Edits of the program as edits of its cells, by cell.

        Raises:
            WithheldError: one of them touches what is masked, or reaches from one cell into another.
        """
        edits = tuple(edits)
        for edit in edits:
            self._refuse(edit)
        later = self.after(apply_edits(self.text, edits))
        found: dict[int, list[Edit]] = {}
        for edit in edits:
            index, start = self._inside(edit.start)
            _, end = self._inside(edit.end)
            found.setdefault(index, []).append(Edit(start, end, edit.replacement, edit.shared))
        changed = {index for index, text in enumerate(self.cells) if text != later.cells[index]}
        return {
            index: _settled(self.cells[index], later.cells[index], found.get(index, ())) for index in sorted(changed)
        }

    def gathered(self, edits: Iterable[Edit]) -> tuple[Edit, ...]:
        """Other edits of the program that make the same of it, but for its cells.

        Lines that become part of a block which an earlier cell begins are moved into that cell.

        Raises:
            WithheldError: that does not make cells of it.
        """
        text = self._with_whole_blocks(apply_edits(self.text, edits))
        found: list[Edit] = []
        for (start, end), (new_start, new_end) in zip(self._segments(self.text), self._segments(text), strict=True):
            between = edits_between(self.text[start:end], text[new_start:new_end])
            found += [Edit(start + edit.start, start + edit.end, edit.replacement) for edit in between]
        if apply_edits(self.text, found) != text:
            raise WithheldError("it reaches from one cell into another")
        self.edits(found)
        return tuple(found)

    def _with_whole_blocks(self, text: str) -> str:
        """A later text with each border below the indented lines that follow it."""
        border = re.compile(rf" {re.escape(self.key)} \d+\s*")
        written: list[str] = []
        held: list[str] = []
        for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text):
            if border.fullmatch(line) or (held and not line.strip()):
                held.append(line)
            elif held and line[0] in " \t" and not line.startswith(f" {self.key}"):
                written.append(line)
            else:
                written += [*held, line]
                held.clear()
        return "".join((*written, *held))

    def _refuse(self, edit: Edit) -> None:
        index = max(bisect_right(self._starts, edit.start) - 1, 0)
        for piece in self.pieces[index:]:
            if piece.start >= edit.end:
                return
            if edit.start < piece.end and piece.border:
                raise WithheldError("it reaches from one cell into another")
            if edit.start < piece.end and piece.masked:
                raise WithheldError(f"it would change `{piece.masked}`, which is no Python")

    def _inside(self, offset: int) -> tuple[int, int]:
        """The cell of an offset and the offset in it; the start of a border is the end of the cell before."""
        if not self.pieces:
            return 0, 0
        piece = self.pieces[max(bisect_right(self._starts, offset) - 1, 0)]
        if piece.border and offset == piece.start:
            return piece.cell - 1, len(self.cells[piece.cell - 1])
        return piece.cell, min(piece.cell_start + offset - piece.start, piece.cell_end)

    def _decoded(self, text: str) -> tuple[str, ...]:
        """The texts of the cells in a later text."""
        segments = self._segments(text)
        cells = tuple(self._unmasked(index, text[start:end]) for index, (start, end) in enumerate(segments))
        if any(self.key in cell for cell in cells):
            raise WithheldError("it would move or change a magic or a shell line")
        return cells

    def _segments(self, text: str) -> list[tuple[int, int]]:
        """Where the cells stand in a later text."""
        borders = list(re.finditer(rf"(?<![^\r\n]) {re.escape(self.key)} (\d+)(?:\r\n|\r|\n)", text))
        if [int(border[1]) for border in borders] != list(range(2, len(self.cells) + 1)):
            raise WithheldError("it reaches from one cell into another")
        starts = [0, *(border.end() for border in borders)]
        ends = [*(border.start() for border in borders), len(text)]
        return list(zip(starts, ends, strict=True))[: len(self.cells)]

    def _unmasked(self, index: int, text: str) -> str:
        covered = {self.text[p.start : p.end]: self.cells[index][p.cell_start : p.cell_end] for p in self._masks(index)}
        if covered:
            # A longer one first: the number of one stretch may begin with another's.
            tokens = "|".join(re.escape(token) for token in sorted(covered, key=len, reverse=True))
            text = re.sub(tokens, lambda found: covered[found[0]], text)
        newline = re.search(r"(?:\r\n|\r|\n)\Z", text)
        if newline is not None and not self.cells[index].endswith(("\r", "\n")):
            # A cell of nothing but a line end keeps it.
            text = text[: newline.start()] or text
        return text

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.start for piece in self.pieces]

    @cached_property
    def _cell_starts(self) -> list[int]:
        return [0, *(piece.end for piece in self.pieces if piece.border)] if self.cells else []

    def _masks(self, index: int) -> list[_Piece]:
        return [piece for piece in self.pieces if piece.cell == index and piece.masked]


class _Builder:
    """Writes a program, cell by cell."""

    def __init__(self, cells: tuple[str, ...], key: str, *, timed: bool) -> None:
        self.cells = cells
        self.key = key
        self.timed = timed
        self.written: list[str] = []
        self.pieces: list[_Piece] = []
        self.maskings: list[Masking] = []
        self._length = 0
        self._later = False
        # The first line end of a text is what LibCST writes new lines with.
        self._newline = next((found[0] for text in cells if (found := _NEWLINE.search(text))), "\n")

    def add(self, index: int) -> None:
        """Write a cell, and the border before it."""
        text = self.cells[index]
        if index:
            # A CR and the LF of an empty first line would be one line end.
            newline = "\n" if text.startswith("\n") else self._newline
            self._write(f"{Stand.COMMENT.value}{self.key} {index + 1}{newline}", index, 0, 0, border=True)
        masking = read_cell(text, self._later, self.timed)
        self.maskings.append(masking)
        self._later = self._later or (not masking.whole and _CODE.search(text) is not None)
        position = 0
        for number, stretch in enumerate(masking.stretches, start=1):
            self._write(text[position : stretch.start], index, position, stretch.start)
            stand = stretch.stand
            token = TIMED if stand is Stand.TIMED else f"{stand.value}{self.key} {index + 1}:{number}"
            self._write(token, index, stretch.start, stretch.end, masked=text[stretch.start : stretch.end] or "%")
            position = stretch.end
        self._write(text[position:], index, position, len(text))
        if text and not text.endswith(("\r", "\n")):
            self._write(self._newline, index, len(text), len(text))

    def _write(
        self, text: str, cell: int, cell_start: int, cell_end: int, *, masked: str = "", border: bool = False
    ) -> None:
        if text:
            end = self._length + len(text)
            self.pieces.append(_Piece(self._length, end, cell, cell_start, cell_end, masked, border))
            self.written.append(text)
            self._length = end


def _free_key(cells: Sequence[str]) -> str:
    """The beginning of a comment that stands in no cell."""
    key = "# %%"
    while any(key in text for text in cells):
        key += "%"
    return key


def _settled(before: str, after: str, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Edits that make `after` of a cell; one for all that differs, where the given ones do not."""
    given = tuple(edits)
    if apply_edits(before, given) == after:
        return given
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    rest = min(len(before), len(after)) - start
    same = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
    return (Edit(start, len(before) - same, after[start : len(after) - same]),)
