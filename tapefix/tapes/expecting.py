"""Queries of which the code itself says that they give nothing: a test, or a lesson, of what breaks a tape."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import TypeGuard

_METHODS = ("gradient", "jacobian", "batch_jacobian", "gradients", "compute_gradients", "get_gradients", "minimize")
_RAISING = ("assertRaises", "assertRaisesRegex", "raises")
_SIGNS = re.compile(r"\bis\b[\s\\()]*None\b|assertIsNone|[rR]aises|\bexcept\b")
"""Without any of these there is nothing to parse for."""
_CAUGHT = ("RuntimeError", "ValueError", "AttributeError", "TypeError", "NotImplementedError")


def expected_lines(text: str) -> frozenset[int]:
    """The lines of the queries that are expected to give `None`, or to raise; none when the text does not parse.

    An `is` beside the query itself or an assertion about the name that it is bound to, a block that has to raise, a
    `try` around nothing but the query with a handler for what it raises.
    """
    if not _SIGNS.search(text):
        return frozenset()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    found: set[int] = set()
    for node in ast.walk(tree):
        for part in _expecting(node):
            found.update(query.lineno for query in _queries(part))
        if isinstance(node, (ast.stmt, ast.Module, ast.ExceptHandler)):
            for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
                if isinstance(body, list):
                    found.update(_bound(body))
    return frozenset(found)


def _expecting(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that are expected to give nothing."""
    if isinstance(node, ast.With) and any(_is_raising(item.context_expr) for item in node.items):
        yield from node.body
    if isinstance(node, ast.Try) and any(map(_handles, node.handlers)):
        if len(node.body) == 1 and isinstance(node.body[0], (ast.Expr, ast.Assign)):
            yield node.body[0]
        return
    asked = next(iter(node.args), None) if _asserts_none(node) else node.left if _is_none(node) else None
    if asked is not None and _is_query(asked):
        yield asked


def _bound(body: Sequence[ast.AST]) -> Iterator[int]:
    """The lines of queries bound to a name that the next lines assert to be `None`."""
    lines: dict[str, int] = {}
    for statement in body:
        if isinstance(statement, ast.Assert):
            yield from (lines[name] for name in _said_none(statement.test) if name in lines)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            call = statement.value
            if _asserts_none(call):
                yield from (lines[part.id] for part in call.args[:1] if isinstance(part, ast.Name) and part.id in lines)
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            for name in [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]:
                lines.pop(name, None)
            if isinstance(target, ast.Name) and _is_query(statement.value):
                lines[target.id] = statement.value.lineno


def _said_none(test: ast.AST) -> Iterator[str]:
    """The names that an assertion says to be `None`."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for value in test.values:
            yield from _said_none(value)
    elif _is_none(test) and isinstance(test.left, ast.Name):
        yield test.left.id


def _is_none(node: ast.AST) -> TypeGuard[ast.Compare]:
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.Is):
        return False
    right = node.comparators[0]
    return isinstance(right, ast.Constant) and right.value is None


def _asserts_none(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and _name(node.func) == "assertIsNone"


def _queries(node: ast.AST) -> Iterator[ast.Call]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Call) and _is_query(part))


def _is_query(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS


def _is_raising(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in _RAISING


def _handles(handler: ast.ExceptHandler) -> bool:
    """Whether a handler is for what a query raises, by name: `except Exception` guards against anything."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    raised = any(isinstance(part, ast.Raise) for part in ast.walk(handler))
    return not raised and any(_name(kind) in _CAUGHT for kind in kinds if kind is not None)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
