"""Operators and items: most mean the same on tensors; these are the others."""

from __future__ import annotations

import ast
from typing import Final

from tapefix.tapes.twins.arguments import (
    UNCHANGED,
    Argument,
    NoTwin,
    Slot,
    Twin,
    is_integer,
    is_mask,
    is_tight,
)
from tapefix.tapes.twins.calls import ANY, rows, write

ARITHMETIC: Final = ("+", "-", "*", "/", "//", "%", "**")
COMPARISONS: Final = ("<", "<=", ">", ">=", "==", "!=")
LOGICAL: Final = ("&", "|", "^")

_ROWS: Final = {
    operator: rows(f"`{operator}`", "x1, x2, /", f"({{x1!}} {operator} {{x2!}})")[0]
    for operator in (*ARITHMETIC, "==", "!=")
}


def _alike(operator: str, left: Argument, right: Argument, tf: str) -> Twin | NoTwin:
    """An operator that means the same as soon as both operands have one dtype."""
    twin = write(_ROWS[operator], (left, right), tf)
    if isinstance(twin, Twin) and not any(isinstance(piece, str) and ".cast(" in piece for piece in twin.template):
        return UNCHANGED
    return twin


def _product(left: Argument, right: Argument, tf: str) -> Twin | NoTwin:
    """`@`: on tensors it takes no vectors, and tensors of one dtype only."""
    if min(left.rank or 0, right.rank or 0) >= 2 and (
        left.dtype == right.dtype or not (left.on_tape and right.on_tape)
    ):
        return UNCHANGED
    row = rows("`@`", "x1, x2, /", "tnp.matmul({x1}, {x2})")[0]
    return write(row, (left, right), tf)


def _index_elements(text: str) -> list[ast.expr] | None:
    try:
        node = ast.parse(f"x[{text}\n]", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(node, ast.Subscript):
        return None
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _is_plain(node: ast.expr) -> bool:
    """Whether an element of an index is a whole number, a slice, `...` or a new axis, as far as the text says."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    if isinstance(node, ast.Constant):
        return node.value is None or node.value is ... or is_integer(node.value)
    return isinstance(node, ast.Slice) or (isinstance(node, ast.Attribute) and node.attr == "newaxis")


def _item(left: Argument, right: Argument, tf: str) -> Twin | NoTwin:
    elements = _index_elements(right.text)
    if elements is None:
        return NoTwin(f"`{right.text}` is not known as an index")
    if all(map(_is_plain, elements)) or right.is_number or is_mask(right):
        return UNCHANGED
    if len(elements) > 1:
        return NoTwin("an index with arrays in it has no short form in TensorFlow; see `tf.gather_nd`")
    if right.rank == 0 and (right.on_tape or right.dtype_class == "integer"):
        return UNCHANGED
    listed = isinstance(elements[0], ast.List)
    if not (listed or right.kind in ("sequence", "ndarray") or right.on_tape):
        return NoTwin(f"whether `{right.text}` is a number is not known")
    if right.dtype_class not in ("integer", "unknown") or (right.dtype == "unknown" and not listed):
        return NoTwin(f"whether `{right.text}` holds whole numbers or truth values is not known")
    if listed:
        if not (isinstance(right.constant, list) and all(map(is_integer, right.constant))):
            return NoTwin(f"the numbers of `{right.text}` are not known")
        if min(right.constant, default=-1) >= 0:
            return write(rows("item", "a, i, /", "tf.gather({a}, {i})", "a", dtypes=ANY)[0], (left, right), tf)
    # tf.gather takes no negative index; with "wrap" an index within bounds means what NumPy means.
    row = rows("item", "a, i, /", 'tnp.take({a}, {i}, axis=0, mode="wrap")', "a", dtypes=ANY)[0]
    return write(row, (left, right), tf)


def twin_of_operator(
    operator: str, left: Argument, right: Argument | None = None, tf: str = "tf"
) -> Twin | NoTwin | None:
    """Return the twin of an operator (`"@"`, `"**"`, `"[]"` for an item, one operand for `"-"`), or `UNCHANGED`."""
    if right is None:
        if operator == "+":
            # Tensors have no unary plus.
            return Twin((Slot(0),) if is_tight(left.text) else ("(", Slot(0), ")"))
        return UNCHANGED if operator in ("-", "~") else None
    if operator == "@":
        return _product(left, right, tf)
    if operator == "[]":
        return _item(left, right, tf)
    if operator in _ROWS and operator in ARITHMETIC:
        return _alike(operator, left, right, tf)
    if operator in (*COMPARISONS, *LOGICAL):
        return UNCHANGED
    if operator in ("in", "not in"):
        return NoTwin("tensors do not tell whether they hold a value; use `tf.reduce_any` of `==`")
    if operator in ("<<", ">>"):
        return NoTwin("tensors are not shifted by operators")
    return None
