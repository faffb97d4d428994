"""Expressions that a rewrite writes down once more: the copy has to read as the original will."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.writing.written import Piece

if TYPE_CHECKING:
    from tapefix.tapes.repairs.leaving import Leaving

_TWICE = "TensorFlow needs `{}` in another place; give it a name first"


def as_mended(
    reading: Reading, leavings: Mapping[cst.CSTNode, Leaving], node: cst.CSTNode, pieces: tuple[Piece, ...]
) -> tuple[Piece, ...]:
    """The pieces, with every copy of an expression without the call that its own rewrite drops."""
    found = list(pieces)
    for index in _copied(reading, node, pieces):
        piece = found[index]
        while isinstance(piece, cst.CSTNode) and piece in leavings:
            translation = leavings[piece].translation
            if translation is None or len(translation.pieces) != 1:
                break
            piece = translation.pieces[0]
        found[index] = piece
    return tuple(found)


def unfit_copy(reading: Reading, leavings: Mapping[cst.CSTNode, Leaving], leaving: Leaving) -> str:
    """Why an expression cannot be written once more: a rewrite inside it would change the original alone."""
    pieces = leaving.translation.pieces if leaving.translation is not None else ()
    mended = as_mended(reading, leavings, leaving.node, pieces)
    for index in _copied(reading, leaving.node, pieces):
        piece = mended[index]
        if isinstance(piece, cst.CSTNode):
            start, end = reading.span(piece)
            inside = [n for n, other in leavings.items() if other.changes and other is not leaving]
            if any(start <= reading.span(n)[0] and reading.span(n)[1] <= end for n in inside):
                return _TWICE.format(reading.code(piece))
    return ""


def _copied(reading: Reading, node: cst.CSTNode, pieces: tuple[Piece, ...]) -> Iterator[int]:
    """Which pieces do not stay in place, as `Draft.replace` writes them."""
    position, last = reading.span(node)
    for index, piece in enumerate(pieces):
        if not isinstance(piece, cst.CSTNode):
            continue
        start, end = reading.span(piece)
        if position <= start and end <= last:
            position = end
        else:
            yield index
