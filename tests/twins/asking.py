"""Asks the table about an expression as text: `np.mean(a, axis=0)`, `a.sum()`, `a @ b`, `a[[0, 1]]`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from tapefix.tapes.twins import (
    NOT_CONSTANT,
    UNCHANGED,
    Argument,
    NoTwin,
    Twin,
    twin_of_function,
    twin_of_method,
    twin_of_operator,
)

MODULES = {
    "np": "numpy", "math": "math", "special": "scipy.special", "stats": "scipy.stats",
    "distance": "scipy.spatial.distance", "linalg": "scipy.linalg",
}  # fmt: skip
OPERATORS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.MatMult: "@", ast.BitAnd: "&", ast.Lt: "<", ast.Gt: ">", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.UAdd: "+", ast.USub: "-", ast.Invert: "~",
}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """What a name of an expression stands for."""

    kind: str = "tensor"
    dtype: str = "floating"
    rank: int | None = None


@dataclass(frozen=True)
class Asked:
    """What the table answered."""

    answer: Twin | NoTwin | None
    text: str
    """The expression to run with tensors; empty where there is none."""


class Expression:
    """One call, attribute, operator or item, and what its names stand for."""

    def __init__(self, text: str, values: Mapping[str, Value]) -> None:
        self.text = text
        self.values = values

    def argument(self, node: ast.expr, keyword: str | None = None) -> Argument:
        star = "*" if isinstance(node, ast.Starred) else ""
        if isinstance(node, ast.Starred):
            node = node.value
        text = ast.get_source_segment(self.text, node) or ""
        try:
            constant: object = ast.literal_eval(node)
        except ValueError:
            constant = NOT_CONSTANT
        parts = tuple(map(self.argument, node.elts)) if isinstance(node, ast.List | ast.Tuple) else ()
        value = self.values.get(node.id) if isinstance(node, ast.Name) else None
        if value is None:
            numeric = isinstance(constant, int | float) and not isinstance(constant, bool)
            kind = "sequence" if parts else "scalar" if numeric else "unknown"
            if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.IfExp | ast.NamedExpr):
                tensors = [self.values[n.id] for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in self.values]
                kind = "tensor" if any(v.kind in ("tensor", "variable") for v in tensors) else kind
            return Argument(text, keyword, constant, kind, star=star, parts=parts)
        return Argument(text, keyword, constant, value.kind, value.dtype, value.rank, star, parts)

    def ask(self, tf: str = "tf") -> Asked:
        node = ast.parse(self.text, mode="eval").body
        receiver: Argument | None = None
        arguments: list[Argument] = []
        if isinstance(node, ast.Call):
            arguments = [self.argument(a) for a in node.args] + [self.argument(k.value, k.arg) for k in node.keywords]
            name = self.qualified(node.func)
            if name is not None:
                answer = twin_of_function(name, arguments, tf)
            else:
                assert isinstance(node.func, ast.Attribute)
                receiver = self.argument(node.func.value)
                answer = twin_of_method(node.func.attr, receiver, arguments, tf)
        elif isinstance(node, ast.Attribute):
            receiver = self.argument(node.value)
            answer = twin_of_method(node.attr, receiver, None, tf)
        elif isinstance(node, ast.Subscript):
            arguments = [self.argument(node.value), self.argument(node.slice)]
            answer = twin_of_operator("[]", *arguments, tf=tf)
        elif isinstance(node, ast.UnaryOp):
            arguments = [self.argument(node.operand)]
            answer = twin_of_operator(OPERATORS[type(node.op)], *arguments, tf=tf)
        elif isinstance(node, ast.Compare):
            arguments = [self.argument(node.left), self.argument(node.comparators[0])]
            answer = twin_of_operator(OPERATORS[type(node.ops[0])], *arguments, tf=tf)
        else:
            assert isinstance(node, ast.BinOp)
            arguments = [self.argument(node.left), self.argument(node.right)]
            answer = twin_of_operator(OPERATORS[type(node.op)], *arguments, tf=tf)
        if answer is UNCHANGED:
            return Asked(answer, self.text)
        return Asked(answer, answer.render(arguments, receiver) if isinstance(answer, Twin) else "")

    @staticmethod
    def qualified(node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return node.id
        dotted = ast.unparse(node)
        head, _, tail = dotted.partition(".")
        return f"{MODULES[head]}.{tail}" if head in MODULES else None


def name_of(text: str) -> str:
    """The name under which `KNOWN` lists what the expression asks for."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Call):
        qualified = Expression.qualified(node.func)
        return qualified or f"ndarray.{node.func.attr}"  # type: ignore[attr-defined]  # a method, as it has no module
    if isinstance(node, ast.Attribute):
        return f"ndarray.{node.attr}"
    if isinstance(node, ast.Subscript):
        return "[]"
    if isinstance(node, ast.Compare):
        return OPERATORS[type(node.ops[0])]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        return "~"
    return OPERATORS[type(node.op)]  # type: ignore[attr-defined]  # an operator: nothing else is left
