"""A notebook's file: what is read of it, and new cell texts put into it without moving a byte of anything else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any

from tapefix.source.diffs import split_lines
from tapefix.source.errors import SourceError
from tapefix.source.lines import Lines
from tapefix.source.located import LocatedDict, LocatedList, LocatedText, read_json

_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\u(?:00[89a-f]|0[1-9a-f]|[1-9a-f])", re.IGNORECASE)
"""A character beyond ASCII, written as an escape."""
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
"""One character of a JSON string as it is written."""


@dataclass(frozen=True)
class CodeCell:
    """One cell of code."""

    number: int
    """Its place among all cells of the notebook, counted from 1."""
    source: LocatedText | LocatedList
    text: str


@dataclass(frozen=True)
class Notebook:
    """A notebook in the format of Jupyter, version 4."""

    document: str
    """The file's text, without the BOM."""
    cells: tuple[CodeCell, ...]
    language: LocatedText | None
    """What its kernel speaks; None for Python."""

    @classmethod
    def read(cls, document: str, name: str) -> Notebook:
        """Read a file's text.

        Raises:
            SourceError: it is no JSON, or no notebook of a version that can be read.
        """
        try:
            whole = read_json(document)
        except json.JSONDecodeError as error:
            message = f"this is no notebook: {error.msg[:1].lower()}{error.msg[1:]} (as JSON)"
            raise SourceError(name, message, *Lines(document).position(error.pos)) from None
        except (ValueError, RecursionError) as error:
            reason = "it nests too deep" if isinstance(error, RecursionError) else str(error)
            raise SourceError(name, f"this notebook cannot be read: {reason}") from None
        reader = _Reader(document, name)
        cells = tuple(reader.code_cells(whole))
        return cls(document, cells, reader.language(whole))

    def with_texts(self, texts: Sequence[str]) -> str:
        """The file's text with other texts in its code cells.

        Only what stands for a changed line is written anew, in the manner of the file.
        """
        pieces: list[str] = []
        position = 0
        for cell, text in zip(self.cells, texts, strict=True):
            if text != cell.text:
                source = cell.source
                new = self._array(source, text) if isinstance(source, LocatedList) else self._string(source, text)
                pieces += [self.document[position : source.start], new]
                position = source.end
        return "".join((*pieces, self.document[position:]))

    def file_line(self, index: int, line: int) -> int:
        """The line of the file that holds a line of a code cell."""
        cell = self.cells[index]
        if isinstance(cell.source, LocatedText) or not cell.source:
            return self._lines.position(cell.source.start)[0]
        starts = Lines(cell.text).starts
        offset = starts[min(line, len(starts)) - 1]
        for element in cell.source:
            offset -= len(element)
            if offset < 0:
                break
        return self._lines.position(element.start)[0]

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.document)

    @cached_property
    def _ascii(self) -> bool:
        """Whether characters beyond ASCII are written as escapes."""
        return self.document.isascii() and _ESCAPED.search(self.document) is not None

    @cached_property
    def _layout(self) -> tuple[str, str, str]:
        """What stands before, between and behind the lines of a source in this file."""
        for cell in self.cells:
            if isinstance(cell.source, LocatedList) and cell.source:
                return self._layout_of(cell.source)
        return ("[", ", ", "]")

    def _layout_of(self, source: LocatedList) -> tuple[str, str, str]:
        opening = self.document[source.start : source[0].start]
        closing = self.document[source[-1].end : source.end]
        if len(source) > 1:
            return opening, self.document[source[0].end : source[1].start], closing
        compact = re.search(r'"\s*:\s', self.document) is None
        return opening, "," + (opening[1:] or ("" if compact else " ")), closing

    def _array(self, source: LocatedList, text: str) -> str:
        parts = list(_arranged(source, text))
        if not parts:
            return "[]"
        opening, usual, closing = self._layout_of(source) if source else self._layout
        written = [opening]
        before: int | str = ""
        for number, part in enumerate(parts):
            if isinstance(part, int):
                beside = isinstance(before, int) and part == before + 1
                written.append(
                    self.document[source[part - 1].end : source[part].start] if beside else usual * (number > 0)
                )
                written.append(self.document[source[part].start : source[part].end])
            else:
                written += [usual * (number > 0), self._dumped(part)]
            before = part
        return "".join((*written, closing))

    def _string(self, source: LocatedText, text: str) -> str:
        raw = self.document[source.start + 1 : source.end - 1]
        # Where each character of the text begins in what is written.
        starts = [*(found.start() for found in _CHARACTER.finditer(raw)), len(raw)]
        written = []
        position = 0
        for old, new, size in _kept(str(source), text):
            written += [self._dumped(text[position:new])[1:-1], raw[starts[old] : starts[old + size]]]
            position = new + size
        return f'"{"".join(written)}{self._dumped(text[position:])[1:-1]}"'

    def _dumped(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self._ascii)


def _arranged(elements: Sequence[str], text: str) -> Iterator[int | str]:
    """The elements of an array that holds `text`: those that can stay, by number, and new ones."""
    kept = _kept("".join(elements), text)
    start = position = block = 0
    for number, element in enumerate(elements):
        end = start + len(element)
        while block < len(kept) and kept[block][0] + kept[block][2] < end:
            block += 1
        if block < len(kept) and kept[block][0] <= start:
            old, new, _ = kept[block]
            yield from text[position : new + start - old].splitlines(keepends=True)
            yield number
            position = new + end - old
        start = end
    yield from text[position:].splitlines(keepends=True)


def _kept(before: str, after: str) -> list[tuple[int, int, int]]:
    """The stretches of whole lines that two texts share: offset before, offset after, length."""
    old, new = split_lines(before), split_lines(after)
    olds, news = _offsets(old), _offsets(new)
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    blocks = [(0, 0, head), (len(old) - tail, len(new) - tail, tail)]
    blocks[1:1] = [
        (head + a, head + b, size)
        for a, b, size in SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks()
    ]
    return [(olds[a], news[b], olds[a + size] - olds[a]) for a, b, size in blocks if size]


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines two texts begin with that are the same."""
    return next(
        (number for number, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )


def _offsets(lines: Sequence[str]) -> list[int]:
    found = [0]
    for line in lines:
        found.append(found[-1] + len(line))
    return found


class _Reader:
    """Takes a notebook out of JSON, and says where it is none."""

    def __init__(self, document: str, name: str) -> None:
        self._document = document
        self._name = name

    def code_cells(self, whole: Any) -> Iterator[CodeCell]:
        """The cells of code, in order."""
        if not isinstance(whole, LocatedDict):
            raise self._error("this is no notebook: it holds no object", whole)
        version = whole.get("nbformat")
        if not isinstance(version, int) or isinstance(version, bool):
            raise self._error("this is no notebook: it names no `nbformat`", whole)
        if version < 4:
            advice = "convert it first: jupyter nbconvert --to notebook --nbformat 4"
            raise self._error(f"this notebook has format {version}; tapefix reads format 4 ({advice})", whole)
        if version > 4:
            raise self._error(f"this notebook has format {version}, which is newer than tapefix; it reads 4", whole)
        cells = whole.get("cells")
        if not isinstance(cells, LocatedList):
            raise self._error("this notebook has no list of `cells`", cells if "cells" in whole else whole)
        for number, cell in enumerate(cells, start=1):
            if not isinstance(cell, LocatedDict):
                raise self._error(f"cell {number} of this notebook is no object", cell, cells)
            if cell.get("cell_type") == "code" and _is_python(_inside(cell, "metadata", "vscode", "languageId")):
                yield CodeCell(number, *self._source(cell, number))

    def _source(self, cell: LocatedDict, number: int) -> tuple[LocatedText | LocatedList, str]:
        source = cell.get("source")
        if not isinstance(source, (LocatedText, LocatedList)):
            raise self._error(f"cell {number} of this notebook has no `source`", source, cell)
        elements = source if isinstance(source, LocatedList) else [source]
        for element in elements:
            if not isinstance(element, LocatedText):
                raise self._error(f"the source of cell {number} of this notebook is no text", element, source)
            if not _encodes(element):
                raise self._error(f"cell {number} of this notebook holds half a character (a lone surrogate)", element)
        return source, "".join(elements)

    def language(self, whole: LocatedDict) -> LocatedText | None:
        """The language that the notebook names, unless it is Python or none."""
        for path in (("language_info", "name"), ("kernelspec", "language")):
            found = _inside(whole, "metadata", *path)
            if isinstance(found, LocatedText) and found:
                return None if _is_python(found) else found
        return None

    def _error(self, message: str, *near: Any) -> SourceError:
        """An error at the first of some values that knows its place."""
        starts = [value.start for value in near if isinstance(value, (LocatedText, LocatedList, LocatedDict))]
        line, column = Lines(self._document).position(starts[0]) if starts else (1, 0)
        return SourceError(self._name, message, line, column)


def _inside(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_python(language: Any) -> bool:
    """Whether code is Python, as far as a notebook says so."""
    return not isinstance(language, str) or re.fullmatch(r"i?python[\d.]*", language, re.IGNORECASE) is not None


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
