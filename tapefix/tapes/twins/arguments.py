"""What the table is asked with, and what it answers."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


class _NotConstant:
    """The type of `NOT_CONSTANT`."""

    def __repr__(self) -> str:
        return "NOT_CONSTANT"


NOT_CONSTANT: Final = _NotConstant()
"""Stands for "this argument is no literal"; `None` is a literal."""

RECEIVER: Final = -1
"""The position of a method's receiver in a template. An operator's operands are 0 and 1."""

FLOATS: Final = ("float16", "float32", "float64")
"""The precise floating dtypes, narrowest first."""

_FLOAT_NAMES: Final = {
    **{name: name for name in FLOATS},
    "half": "float16",
    "single": "float32",
    "double": "float64",
    "float": "float64",
    "float_": "float64",
}


@dataclass(frozen=True)
class Argument:
    """An argument as it is written at a call, with what is known of its value."""

    text: str
    keyword: str | None = None
    constant: object = NOT_CONSTANT
    """The value of a literal (number, string, `None`, `True`, a tuple or list of such)."""
    kind: str = "unknown"
    """`tensor`, `variable`, `ndarray`, `scalar` (a number), `sequence` (a list or tuple) or `unknown`."""
    dtype: str = "unknown"
    """`floating`, `integer`, `bool`, `complex`, `unknown`, or a precise name such as `float32`."""
    rank: int | None = None
    star: str = ""
    parts: tuple[Argument, ...] = ()
    """The elements of a list or tuple display."""

    @property
    def on_tape(self) -> bool:
        """Whether it is known to be a tensor or a variable."""
        return self.kind in ("tensor", "variable")

    @property
    def dtype_class(self) -> str:
        """`floating`, `integer`, `bool`, `complex` or `unknown`, also for a precise dtype."""
        for prefix, name in (("float", "floating"), ("bfloat", "floating"), ("int", "integer"), ("uint", "integer")):
            if self.dtype.startswith(prefix):
                return name
        return "complex" if self.dtype.startswith("complex") else self.dtype

    @property
    def is_number(self) -> bool:
        """Whether it is a number for certain: a literal one, or known to be a scalar."""
        return is_number(self.constant) or self.kind == "scalar"

    @property
    def is_sequence(self) -> bool:
        """Whether it is a list, a tuple or a shape for certain."""
        node = parsed(self.text)
        display = isinstance(node, ast.List | ast.Tuple)
        return self.kind == "sequence" or display or (isinstance(node, ast.Attribute) and node.attr == "shape")


@dataclass(frozen=True)
class Slot:
    """A place in a template for the text of an argument."""

    argument: int
    """Its position among the arguments of the call; `RECEIVER` for the object of a method."""
    part: int | None = None
    """Its position in the argument's own display, when only that element is meant."""


@dataclass(frozen=True)
class Twin:
    """The TensorFlow expression of the same meaning: text, and slots that keep the arguments' own source text.

    Whatever fills the slots, the expression binds as tightly as a call. A slot that occurs twice is only made of an
    argument that is a plain name, so that nothing is computed twice.
    """

    template: tuple[str | Slot, ...]
    needs: tuple[str, ...] = ()
    """The modules that must be imported."""
    note: str = ""
    """What differs, where the value is the same but not the dtype."""
    differentiable: bool = True
    """Whether a gradient passes. Without it the twin is right and still ends the path."""

    def render(self, arguments: Sequence[Argument], receiver: Argument | None = None) -> str:
        """Return the expression with the arguments' own texts."""
        pieces = []
        for piece in self.template:
            if isinstance(piece, str):
                pieces.append(piece)
                continue
            if piece.argument == RECEIVER:
                if receiver is None:
                    raise ValueError("the template has a receiver, and none was given")
                argument = receiver
            else:
                argument = arguments[piece.argument]
            pieces.append(argument.text if piece.part is None else argument.parts[piece.part].text)
        return "".join(pieces)


UNCHANGED: Final = Twin(template=(), note="means the same on tensors")
"""The expression means the same on tensors as it is written; compare with `is`."""


@dataclass(frozen=True)
class NoTwin:
    """There is no expression of exactly the same meaning, or it cannot be known."""

    reason: str


def is_number(value: object) -> bool:
    """Whether the literal is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: object) -> bool:
    """Whether the literal is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


@lru_cache(maxsize=4096)
def parsed(text: str) -> ast.expr | None:
    """The expression, or `None` when the text is none (a bare `yield`, a keyword, a star)."""
    try:
        # The parentheses admit line breaks and a bare generator, the line break ends a comment.
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=4096)
def is_tight(text: str) -> bool:
    """Whether the text can stand as an operand of any operator without parentheses around it."""
    attribute = parsed(f"{text}\n.tight")
    return isinstance(attribute, ast.Attribute) and ast.dump(attribute.value) == _dump(text)


def _dump(text: str) -> str:
    node = parsed(text)
    return "" if node is None else ast.dump(node)


def is_repeatable(text: str) -> bool:
    """Whether the text may be written twice: a name, its attributes and constant items, `.numpy()`, a comparison."""
    node = parsed(text)
    if isinstance(node, ast.Tuple | ast.List | ast.Compare):
        parts = [node.left, *node.comparators] if isinstance(node, ast.Compare) else node.elts
        return all(is_repeatable(ast.unparse(part)) for part in parts)
    while node is not None:
        if isinstance(node, ast.Name | ast.Constant):
            return True
        if isinstance(node, ast.Attribute) or (
            isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        ):
            node = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            node = node.operand
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args + node.keywords:
            node = node.func.value if node.func.attr == "numpy" else None
        else:
            return False
    return False


def is_mask(argument: Argument) -> bool:
    """Whether the argument holds booleans for certain."""
    node = parsed(argument.text)
    inverted = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert)
    return argument.dtype == "bool" or isinstance(node, ast.Compare) or inverted


def float_dtype(argument: Argument) -> str | None:
    """The floating dtype that an argument such as `np.float64`, `"float32"` or `float` names."""
    node = parsed(argument.text)
    if isinstance(argument.constant, str):
        name = argument.constant
    elif isinstance(node, ast.Name):
        name = node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        name = node.attr if node.attr != "float" else ""
    else:
        return None
    return _FLOAT_NAMES.get(name)


def is_infinity(argument: Argument) -> bool:
    """Whether the argument is written as positive infinity."""
    node = parsed(argument.text)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return (node.value.id, node.attr) in {(m, n) for m in ("np", "numpy", "math") for n in ("inf", "Inf")}
    return argument.constant == float("inf")
