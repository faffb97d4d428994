"""What stands in place of an expression: pieces of text, and nodes whose own text is kept."""

from __future__ import annotations

from dataclasses import dataclass

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

    def write(self, draft: Draft, node: cst.CSTNode) -> None:
        """Add the edits to a draft."""
        if not self.unchanged:
            draft.replace(node, *self.pieces)


UNCHANGED = Translation((), unchanged=True)


def tf_name(reading: Reading) -> str:
    """The name by which the file knows TensorFlow."""
    return reading.tensorflow_name or "tf"


def alone(reading: Reading, outer: cst.CSTNode, inner: cst.BaseExpression) -> Translation:
    """The inner expression in place of the outer one, in parentheses where it needs them."""
    start, end = reading.span(outer)
    around = reading.text[start : reading.span(inner)[0]] + reading.text[reading.span(inner)[1] : end]
    lines = "\n" in around or "\r" in around
    free = isinstance(reading.parent(outer), (cst.Assign, cst.AnnAssign, cst.Arg, cst.Return, cst.Expr, cst.Element))
    if not lines and (isinstance(inner, TIGHT) or inner.lpar or free):
        return Translation((inner,))
    return Translation(("(", inner, ")"))
