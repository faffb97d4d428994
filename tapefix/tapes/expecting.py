"""Queries of which the code itself says that they give nothing: a test, or a lesson, of what breaks a tape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeGuard

import libcst as cst

from tapefix.source.lines import Lines
from tapefix.tapes.tree import Tree

_METHODS = ("gradient", "jacobian", "batch_jacobian", "gradients", "compute_gradients", "get_gradients", "minimize")
_RAISING = ("assertRaises", "assertRaisesRegex", "raises")
_SIGNS = re.compile(r"\bis\b[\s\\()]*None\b|assertIsNone|[rR]aises|\bexcept\b")
"""Without any of these there is nothing to look for."""
_CAUGHT = ("RuntimeError", "ValueError", "AttributeError", "TypeError", "NotImplementedError")


def expected_lines(tree: Tree, lines: Lines) -> frozenset[int]:
    """The lines of the queries that are expected to give `None`, or to raise.

    An `is` beside the query itself or an assertion about the name that it is bound to, a block that has to raise, a
    `try` around nothing but the query with a handler for what it raises.
    """
    if not _SIGNS.search(lines.text) or not any(map(_is_query, tree.nodes(cst.Call))):
        return frozenset()
    found = [query for part in _expecting(tree) for query in tree.nodes(cst.Call, inside=part) if _is_query(query)]
    blocks: list[cst.Module | cst.BaseSuite] = [*tree.nodes(cst.Module), *tree.nodes(cst.BaseSuite)]  # type: ignore[type-abstract]  # Of either class.
    for block in blocks:
        found += _bound(tree, list(_statements(block)))
    return frozenset(lines.position(tree.span(query)[0])[0] for query in found)


def _expecting(tree: Tree) -> Iterator[cst.CSTNode]:
    """The parts of a module that are expected to give nothing."""
    for block in tree.nodes(cst.With):
        if block.asynchronous is None and any(_is_raising(item.item) for item in block.items):
            yield block.body
    for guarded in tree.nodes(cst.Try):
        if any(_handles(tree, handler) for handler in guarded.handlers):
            body = list(_statements(guarded.body))
            if len(body) == 1 and isinstance(body[0], (cst.Expr, cst.Assign)):
                yield body[0]
    for call in tree.nodes(cst.Call):
        asked = _asserted_none(call)
        if asked is not None and _is_query(asked):
            yield asked
    for comparison in tree.nodes(cst.Comparison):
        if _is_none(comparison) and _is_query(comparison.left):
            yield comparison.left


def _bound(tree: Tree, body: Sequence[cst.CSTNode]) -> Iterator[cst.Call]:
    """The queries bound to a name that the next lines assert to be `None`."""
    queries: dict[str, cst.Call] = {}
    for statement in body:
        if isinstance(statement, cst.Assert):
            yield from (queries[name] for name in _said_none(statement.test) if name in queries)
        elif isinstance(statement, cst.Expr):
            asked = _asserted_none(statement.value)
            if isinstance(asked, cst.Name) and asked.value in queries:
                yield queries[asked.value]
        elif isinstance(statement, cst.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0].target, statement.value
            for name in tree.nodes(cst.Name, inside=target):
                if not _is_label(tree, name):
                    queries.pop(name.value, None)
            if isinstance(target, cst.Name) and _is_query(value):
                queries[target.value] = value


def _statements(block: cst.Module | cst.BaseSuite) -> Iterator[cst.CSTNode]:
    """The statements of a block, each of those that share a line by itself."""
    for statement in block.body:
        if isinstance(statement, cst.SimpleStatementLine):
            yield from statement.body
        else:
            yield statement


def _is_label(tree: Tree, name: cst.Name) -> bool:
    """Whether a name is that of an attribute or a keyword."""
    parent = tree.parent(name)
    return (isinstance(parent, cst.Attribute) and parent.attr is name) or (
        isinstance(parent, cst.Arg) and parent.keyword is name
    )


def _said_none(test: cst.BaseExpression) -> Iterator[str]:
    """The names that an assertion says to be `None`."""
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And):
        yield from _said_none(test.left)
        yield from _said_none(test.right)
    elif _is_none(test) and isinstance(test.left, cst.Name):
        yield test.left.value


def _is_none(node: cst.BaseExpression) -> TypeGuard[cst.Comparison]:
    if not isinstance(node, cst.Comparison) or len(node.comparisons) != 1:
        return False
    operator, right = node.comparisons[0].operator, node.comparisons[0].comparator
    return isinstance(operator, cst.Is) and isinstance(right, cst.Name) and right.value == "None"


def _asserted_none(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """What a call of `assertIsNone` is given."""
    if not isinstance(node, cst.Call) or _name(node.func) != "assertIsNone":
        return None
    given = next((argument for argument in node.args if argument.keyword is None and argument.star != "**"), None)
    return given.value if given is not None and not given.star else None


def _is_query(node: cst.CSTNode) -> TypeGuard[cst.Call]:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in _METHODS


def _is_raising(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and _name(node.func) in _RAISING


def _handles(tree: Tree, handler: cst.ExceptHandler) -> bool:
    """Whether a handler is for what a query raises, by name: `except Exception` guards against anything."""
    caught = handler.type
    kinds = [element.value for element in caught.elements] if isinstance(caught, cst.Tuple) else [caught]
    raised = any(True for _ in tree.nodes(cst.Raise, inside=handler))
    return not raised and any(_name(kind) in _CAUGHT for kind in kinds if kind is not None)


def _name(node: cst.BaseExpression) -> str:
    """The name, or the last part of a dotted one."""
    return node.value if isinstance(node, cst.Name) else node.attr.value if isinstance(node, cst.Attribute) else ""
