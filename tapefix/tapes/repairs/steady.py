"""Whether an expression still means the same further down, and whether it can be had by a name."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tapefix.tapes.reading import Reading

_CONDITIONAL = (
    cst.Lambda,
    cst.ListComp,
    cst.SetComp,
    cst.DictComp,
    cst.GeneratorExp,
    cst.IfExp,
    cst.BooleanOperation,
    cst.FunctionDef,
    cst.ClassDef,
    cst.If,
    cst.While,
)


def is_simple(node: cst.BaseExpression) -> bool:
    """Whether an expression can be written twice: a name, an attribute, a constant item of such, a number."""
    if isinstance(node, cst.Attribute):
        return is_simple(node.value)
    if isinstance(node, cst.Subscript):
        index = node.slice[0].slice
        constant = isinstance(index, cst.Index) and isinstance(index.value, (cst.Integer, cst.SimpleString, cst.Name))
        return len(node.slice) == 1 and constant and is_simple(node.value)
    return isinstance(node, (cst.Name, cst.Integer, cst.Float))


def is_pure(node: cst.BaseExpression) -> bool:
    """Whether an expression is arithmetic of names and numbers: written twice, it gives the same twice."""
    if isinstance(node, cst.BinaryOperation):
        return is_pure(node.left) and is_pure(node.right)
    if isinstance(node, cst.UnaryOperation):
        return is_pure(node.expression)
    if isinstance(node, (cst.List, cst.Tuple)):
        return all(is_pure(element.value) for element in node.elements)
    return is_simple(node)


def has_comment(node: cst.CSTNode) -> bool:
    """Whether a comment stands inside an expression."""
    return bool(m.findall(node, m.Comment()))


def own_line(reading: Reading, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
    """The line that evaluates an expression for certain and once, in front of which another line can stand."""
    for around in reading.parents(node):
        if isinstance(around, cst.SimpleStatementLine):
            body = reading.parent(around)
            alone = len(around.body) == 1 and isinstance(body, (cst.Module, cst.IndentedBlock))
            return around if alone else None
        if isinstance(around, _CONDITIONAL):
            return None
    return None


def is_steady(reading: Reading, node: cst.BaseExpression, later: cst.CSTNode) -> bool:
    """Whether an expression of names means the same at a later line of the block that it is evaluated in."""
    if not is_simple(node):
        return False
    first, last = own_line(reading, node), own_line(reading, later)
    if first is None or last is None:
        return False
    block = reading.parent(first)
    if block is None or block is not reading.parent(last):
        return False
    body = list(getattr(block, "body", ()))
    between = body[body.index(first) : body.index(last)]
    names = {name.value for name in m.findall(node, m.Name()) if isinstance(name, cst.Name)}
    return bool(between) and not any(_binds(statement, name) for statement in between for name in names)


def _binds(statement: cst.CSTNode, name: str) -> bool:
    target = m.Name(name)
    bound = (
        m.AssignTarget() | m.AnnAssign() | m.AugAssign() | m.For() | m.CompFor() | m.AsName() | m.NamedExpr() | m.Del()
    )
    for found in m.findall(statement, bound):
        held = getattr(found, "target", None) or getattr(found, "name", None)
        if held is not None and m.findall(held, target):
            return True
    return False
