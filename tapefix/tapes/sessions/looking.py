"""Small questions about names and calls in a script that builds a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import libcst as cst

from tapefix.tapes.reading import Reading

_FUNCTIONS = (cst.FunctionDef, cst.Lambda)


def loads(reading: Reading, node: cst.CSTNode, *, free: bool = True) -> Iterator[cst.Name]:
    """The names that some code reads; with `free`, less those that a function in it has for itself."""
    for name in reading.tree.nodes(cst.Name, inside=node):
        if is_load(reading, name) and not (free and _is_local(reading, name, node)):
            yield name


def names_in(reading: Reading, node: cst.CSTNode) -> set[str]:
    """What the names that some code reads are called."""
    return {name.value for name in loads(reading, node)}


def is_load(reading: Reading, name: cst.Name) -> bool:
    """Whether a name is read where it stands: no attribute, no keyword, no target, no parameter."""
    parent = reading.parent(name)
    if isinstance(parent, cst.Attribute):
        return parent.value is name
    if isinstance(parent, cst.Arg):
        return parent.value is name
    if isinstance(parent, (cst.Param, cst.AssignTarget, cst.AsName, cst.ImportAlias, cst.NameItem)):
        return isinstance(parent, cst.Param) and parent.default is name
    if isinstance(parent, (cst.FunctionDef, cst.ClassDef)):
        return parent.name is not name
    return not any(name is bound for bound in _targets_above(reading, name))


def _targets_above(reading: Reading, name: cst.Name) -> Iterator[cst.Name]:
    """The names that the target around a name binds, where it stands in one."""
    inner: cst.CSTNode = name
    for parent in reading.parents(name):
        if isinstance(parent, (cst.Attribute, cst.Subscript, cst.Call)):
            return
        if isinstance(parent, (cst.AssignTarget, cst.For, cst.CompFor, cst.AsName)):
            target = getattr(parent, "target", getattr(parent, "name", None))
            if target is inner:
                yield from bound_names(target)
            return
        if isinstance(parent, (cst.AugAssign, cst.AnnAssign, cst.NamedExpr)):
            return
        if isinstance(parent, cst.BaseStatement):
            return
        inner = parent


def bound_names(target: cst.CSTNode) -> Iterator[cst.Name]:
    """The names that an assignment to a target binds."""
    if isinstance(target, cst.Name):
        yield target
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from bound_names(element.value)


def stores(reading: Reading, node: cst.CSTNode) -> Iterator[cst.Name]:
    """The names that some code binds, those of functions in it apart."""
    for name in reading.tree.nodes(cst.Name, inside=node):
        parent = reading.parent(name)
        attribute = isinstance(parent, cst.Attribute) or (isinstance(parent, cst.Arg) and parent.value is not name)
        own = function_of(reading, name) is function_of(reading, node)
        if not attribute and own and not is_load(reading, name):
            yield name


def function_of(reading: Reading, node: cst.CSTNode) -> cst.CSTNode | None:
    """The innermost function around some code; `None` in the module itself."""
    return next((parent for parent in reading.parents(node) if isinstance(parent, _FUNCTIONS)), None)


def _is_local(reading: Reading, name: cst.Name, node: cst.CSTNode) -> bool:
    """Whether a function inside some code (or that code, which is one) has the name for itself."""
    if name is node:
        return False
    for parent in reading.parents(name):
        if isinstance(parent, _FUNCTIONS) and name.value in local_names(reading, parent):
            return True
        if parent is node:
            break
    return False


def local_names(reading: Reading, function: cst.CSTNode) -> set[str]:
    """The parameters of a function, and what it binds."""
    found = {param.name.value for param in reading.tree.nodes(cst.Param, inside=function)}
    if isinstance(function, cst.FunctionDef):
        found |= {
            name.value
            for name in reading.tree.nodes(cst.Name, inside=function.body)
            if function_of(reading, name) is function
            and not is_load(reading, name)
            and not isinstance(reading.parent(name), (cst.Attribute, cst.Arg))
        }
    return found


def argument(call: cst.Call, position: int, keyword: str) -> cst.BaseExpression | None:
    """What a call is given at a position, or by a keyword."""
    for index, given in enumerate(call.args):
        if (given.keyword is None and not given.star and index == position) or (
            given.keyword is not None and given.keyword.value == keyword
        ):
            return given.value
    return None


def given_beyond(call: cst.Call, positional: int, keywords: Collection[str]) -> bool:
    """Whether a call is given more than so many arguments, or others than these."""
    return any(
        given.star
        or (given.keyword is None and index >= positional)
        or (given.keyword is not None and given.keyword.value not in keywords)
        for index, given in enumerate(call.args)
    )


def imports(reading: Reading) -> list[cst.Import | cst.ImportFrom]:
    """The statements that import something of TensorFlow."""
    plain = [s for s in reading.tree.nodes(cst.Import) if "tensorflow" in reading.code(s)]
    return plain + [s for s in reading.tree.nodes(cst.ImportFrom) if "tensorflow" in reading.code(s)]
