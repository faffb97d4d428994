"""Bindings: which statement gives a name or an attribute what, over a whole module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Value

Slot = tuple[object, str]
"""What can be bound anew: a name of a function or of the module, or an attribute of one object."""

_SCOPES = (cst.FunctionDef, cst.Lambda, cst.ClassDef, cst.Module)


@dataclass(eq=False)
class Binding:
    """One target of one statement, and what the executions have bound it to."""

    node: cst.CSTNode
    """The `Assign` or `AugAssign`; anything else binds in another way: a loop, a parameter, an import."""
    target: cst.CSTNode
    value: cst.BaseExpression | None
    """What is assigned, when it is an expression of its own."""
    made: tuple[Value, ...]
    slots: frozenset[Slot]

    @property
    def plain(self) -> bool:
        """Whether it is `target = value`, alone or side by side with others, or `target += value`."""
        return self.value is not None and isinstance(self.target, (cst.Name, cst.Attribute))


def bindings(reading: Reading) -> list[Binding]:
    """Every binding of the module, in the order of the text."""
    collector = _Collector(reading)
    reading.module.visit(collector)
    return collector.found


def together(start: Iterable[Binding], everything: Iterable[Binding]) -> list[Binding]:
    """The bindings of the same names and attributes, and those of the same statements, however far that leads."""
    everything = list(everything)
    group = set(start)
    while True:
        slots = {slot for binding in group for slot in binding.slots}
        nodes = {binding.node for binding in group if isinstance(binding.node, (cst.Assign, cst.AugAssign))}
        more = {b for b in everything if b not in group and (b.slots & slots or b.node in nodes)}
        if not more:
            return [binding for binding in everything if binding in group]
        group |= more


class _Collector(cst.CSTVisitor):
    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.reading = reading
        self.found: list[Binding] = []

    def _add(self, node: cst.CSTNode, target: cst.CSTNode, value: cst.BaseExpression | None) -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            parts: list[cst.BaseExpression | None] = [None] * len(target.elements)
            if isinstance(value, (cst.Tuple, cst.List)) and len(value.elements) == len(target.elements):
                starred = any(isinstance(e, cst.StarredElement) for e in (*target.elements, *value.elements))
                parts = parts if starred else [element.value for element in value.elements]
            for element, part in zip(target.elements, parts, strict=True):
                self._add(node, element.value, part)
            return
        made = self.reading.values(node if isinstance(node, cst.AugAssign) else value) if value is not None else ()
        self.found.append(Binding(node, target, value, tuple(made), frozenset(self._slots(target))))

    def _slots(self, target: cst.CSTNode) -> Iterator[Slot]:
        if isinstance(target, cst.Name):
            yield self._scope(target, target.value), target.value
        elif isinstance(target, cst.Attribute):
            for receiver in self.reading.values(target.value):
                yield receiver, target.attr.value

    def _scope(self, node: cst.CSTNode, name: str) -> cst.CSTNode:
        inside = [parent for parent in self.reading.parents(node) if isinstance(parent, _SCOPES)]
        for scope in inside:
            declared = _declared(scope, name) if isinstance(scope, cst.FunctionDef) else ""
            if declared == "global":
                return inside[-1]
            if declared != "nonlocal":
                return scope
        return inside[-1]

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._add(node, target.target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._add(node, node.target, node.value)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._add(node, node.target, node.value)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._add(node, node.target, node.value)

    def visit_For(self, node: cst.For) -> None:
        self._add(node, node.target, None)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._add(node, node.name, None)

    def visit_Param(self, node: cst.Param) -> None:
        self._add(node, node.name, None)

    def visit_Del(self, node: cst.Del) -> None:
        self._add(node, node.target, None)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        parent = next(p for p in self.reading.parents(node) if isinstance(p, _SCOPES))
        self.found.append(Binding(node, node.name, None, (), frozenset({(parent, node.name.value)})))


def _declared(function: cst.FunctionDef, name: str) -> str:
    """Whether a function declares a name `global` or `nonlocal`."""
    found: list[str] = []

    class _Declarations(cst.CSTVisitor):
        def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
            return node is function

        def visit_Global(self, node: cst.Global) -> None:
            found.extend("global" for item in node.names if item.name.value == name)

        def visit_Nonlocal(self, node: cst.Nonlocal) -> None:
            found.extend("nonlocal" for item in node.names if item.name.value == name)

    function.visit(_Declarations())
    return found[0] if found else ""
