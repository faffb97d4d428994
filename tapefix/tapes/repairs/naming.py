"""Names for values: by which expression a value can be had at a place."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import Region
from tapefix.tapes.values import Frame, Kind, Operation, Value


def holds_at_entry(reading: Reading, region: Region, value: Value, node: cst.BaseExpression) -> str | None:
    """The expression by which a value can be named on entering a region; `None` when there is none.

    The expression that names it elsewhere where that holds the very same object there too, or another name of it.
    """
    own = next((name for name, held in region.names.items() if held is value), None)
    if own is not None and reading.function(node) is not _function(region):
        # The query stands in another function, where the value may go by a name that this one does not give it.
        return own
    if _stands_for(region, node, value):
        return reading.code(node)
    if value.time > region.entered:
        return None
    for candidate in (node, value.node):
        if candidate is None:
            continue
        held = resolve(region, candidate)
        if held is value or (held is not None and _is_list_of(held, value)):
            return reading.code(candidate)
    return own or _attribute_that_holds(region, value)


def _attribute_that_holds(region: Region, value: Value) -> str | None:
    """The attribute of an object of the file that holds a value, where a property or a method handed it out."""
    for name, owner in region.names.items():
        if owner.kind is not Kind.INSTANCE:
            continue
        for attribute, held in owner.attributes.items():
            if held is value and _attribute(owner, attribute, region.entered) is value:
                return f"{name}.{attribute}"
    return None


def _function(region: Region) -> cst.CSTNode | None:
    return region.frame.node if isinstance(region.frame.node, (cst.FunctionDef, cst.Lambda)) else None


def resolve(region: Region, node: cst.CSTNode) -> Value | None:
    """What a name, or a chain of attributes and constant subscripts from one, holds on entering a region."""
    if isinstance(node, cst.Name):
        return _lookup(region, node.value)
    if isinstance(node, cst.Attribute):
        owner = resolve(region, node.value)
        return _attribute(owner, node.attr.value, region.entered) if owner is not None else None
    if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        owner, index = resolve(region, node.value), node.slice[0].slice.value
        if owner is None or not isinstance(index, (cst.Integer, cst.SimpleString, cst.UnaryOperation)):
            return None
        return _item(owner, index)
    return None


def _attribute(owner: Value, name: str, time: int) -> Value | None:
    """What an attribute held at a time."""
    settings = [(when, held) for when, attribute, held in owner.settings or () if attribute == name]
    if not settings:
        return owner.attributes.get(name)
    return next((held for when, held in reversed(settings) if when <= time), None)


def _stands_for(region: Region, node: cst.CSTNode, value: Value) -> bool:
    """Whether an expression gives the same variables whenever it is evaluated, because their owner is the same."""
    if resolve(region, node) is value and value.time < region.entered:
        return True
    if value.kind not in (Kind.VARIABLE, Kind.VARIABLES) or value.receiver is None:
        return False
    if isinstance(node, cst.Attribute) and value.operation is Operation.ATTRIBUTE:
        return _holds(region, node.value, value.receiver)
    if isinstance(node, cst.Subscript) and value.operation is Operation.SUBSCRIPT:
        index = node.slice[0].slice
        constant = isinstance(index, cst.Index) and isinstance(index.value, cst.Integer)
        return constant and _holds(region, node.value, value.receiver)
    return False


def _holds(region: Region, node: cst.CSTNode, owner: Value) -> bool:
    return (resolve(region, node) is owner and owner.time < region.entered) or _stands_for(region, node, owner)


def _item(owner: Value, index: cst.BaseExpression) -> Value | None:
    if isinstance(index, cst.UnaryOperation):
        if not isinstance(index.operator, cst.Minus) or not isinstance(index.expression, cst.Integer):
            return None
        key: object = -index.expression.evaluated_value
    elif isinstance(index, (cst.Integer, cst.SimpleString)):
        key = index.evaluated_value
    else:
        return None
    if owner.entries is not None:
        return owner.entries.get(key)
    if owner.elements is not None and isinstance(key, int) and -len(owner.elements) <= key < len(owner.elements):
        return owner.elements[key]
    return owner.attributes.get(f"[{key!r}]")


def _lookup(region: Region, name: str) -> Value | None:
    if name in region.names and name not in region.frame.global_names:
        return region.names[name]
    frame: Frame | None = region.frame.closure
    while frame is not None:
        if name in frame.names:
            return frame.names[name]
        frame = frame.closure
    return None


def _is_list_of(held: Value, value: Value) -> bool:
    """Whether it is a list or tuple of tensors and variables that a tape can watch as a whole, this one among them."""
    return held.elements is not None and value in held.elements and all(element.is_tensor for element in held.elements)


def name_bound_by(
    reading: Reading, statement: cst.CSTNode, value: Value, node: cst.BaseExpression | None = None
) -> str | None:
    """The name that a statement binds a value to; the one that `node` reads, where it binds several."""
    names: list[str] = []
    for target in _targets(statement):
        if any(held is value for held in reading.values(target)):
            names.append(reading.code(target))
    wanted = reading.code(node) if node is not None else ""
    return wanted if wanted in names else names[0] if names else None


def _targets(statement: cst.CSTNode) -> list[cst.CSTNode]:
    if isinstance(statement, cst.For):
        return list(_leaves(statement.target))
    found: list[cst.CSTNode] = []
    if isinstance(statement, cst.SimpleStatementLine):
        for part in statement.body:
            if isinstance(part, cst.Assign):
                for target in part.targets:
                    found.extend(_leaves(target.target))
            elif isinstance(part, (cst.AnnAssign, cst.AugAssign)):
                found.extend(_leaves(part.target))
    return found


def _leaves(target: cst.BaseExpression) -> list[cst.CSTNode]:
    if isinstance(target, (cst.Tuple, cst.List)):
        return [leaf for element in target.elements for leaf in _leaves(element.value)]
    return [target] if isinstance(target, (cst.Name, cst.Attribute)) else []
