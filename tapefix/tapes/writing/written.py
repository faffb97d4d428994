"""What stands in place of an expression: pieces of text, and nodes whose own text is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.writing.draft import Bare, Draft

Piece = str | cst.CSTNode | Bare

TIGHT = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float, cst.List, cst.Tuple)
"""Expressions that need no parentheses beside an operator."""


@dataclass(frozen=True)
class Translation:
    """An expression in place of another: pieces of text, and nodes whose own text is kept."""

    pieces: tuple[Piece, ...]
    needs: tuple[str, ...] = ()
    unchanged: bool = False
    """The expression means the same on tensors as it stands."""

    @property
    def formula(self) -> bool:
        """Whether operators stand where a call was: its line breaks were those of the arguments, and mean nothing."""
        text = "".join(piece if isinstance(piece, str) else "_" for piece in self.pieces)
        return re.search(r"[^\s(,=] [-+*/] ", text) is not None

    def write(self, draft: Draft, node: cst.CSTNode) -> None:
        """Add the edits to a draft."""
        if not self.unchanged:
            draft.replace(node, *self.pieces, joined=self.formula)


@dataclass(frozen=True)
class Renamed(Translation):
    """The same call of another function, without the arguments that this one does not take."""

    callee: str = ""
    dropped: tuple[cst.Arg, ...] = ()

    def write(self, draft: Draft, node: cst.CSTNode) -> None:
        """Add the edits to a draft."""
        assert isinstance(node, cst.Call)
        draft.replace(node.func, self.callee)
        for argument in self.dropped:
            draft.remove_argument(node, argument)


UNCHANGED = Translation((), unchanged=True)


def tf_name(reading: Reading) -> str:
    """The name by which the file knows TensorFlow."""
    return reading.tensorflow_name or "tf"


def alone(reading: Reading, outer: cst.CSTNode, inner: cst.BaseExpression) -> Translation:
    """The inner expression in place of the outer one, in parentheses where it needs them."""
    start, end = reading.span(outer)
    around = reading.text[start : reading.span(inner)[0]] + reading.text[reading.span(inner)[1] : end]
    lines = "\n" in around or "\r" in around
    if not lines and (isinstance(inner, TIGHT) or inner.lpar or _stands_free(reading, outer)):
        return Translation((inner,))
    return Translation(("(", inner, ")"))


def unwrapped(reading: Reading, outer: cst.CSTNode, written: Translation) -> Translation:
    """What is written without the parentheses around all of it, where its place needs none."""
    pieces = written.pieces
    first, last = (pieces[0], pieces[-1]) if pieces else ("", "")
    if not isinstance(first, str) or not isinstance(last, str) or not _in_parentheses(pieces):
        return written
    if len(pieces) == 3 and first == "(" and last == ")":
        return alone(reading, outer, pieces[1]) if isinstance(pieces[1], cst.BaseExpression) else written
    start, end = reading.span(outer)
    lines = "\n" in reading.text[start:end] or "\r" in reading.text[start:end]
    if not _stands_free(reading, outer) or (lines and not isinstance(reading.parent(outer), cst.Arg)):
        return written
    inner = (first[1:-1],) if len(pieces) == 1 else (first[1:], *pieces[1:-1], last[:-1])
    return replace(written, pieces=tuple(piece for piece in inner if piece != ""))


def _in_parentheses(pieces: tuple[Piece, ...]) -> bool:
    """Whether one pair of parentheses goes around all of it."""
    depth = 0
    text = "".join(piece if isinstance(piece, str) else "_" for piece in pieces)
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return index == len(text) - 1 and text.startswith("(")
    return False


def _stands_free(reading: Reading, node: cst.CSTNode) -> bool:
    """Whether an expression stands where an operator may, without parentheses."""
    return isinstance(reading.parent(node), (cst.Assign, cst.AnnAssign, cst.Arg, cst.Return, cst.Expr, cst.Element))
