"""Bindings: which statement gives a name or an attribute what, over a whole module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.values import Value

Slot = tuple[object, str]
"""What can be bound anew: a name of a function or of the module, or an attribute of one object."""

_BINDING = (
    cst.Assign,
    cst.AnnAssign,
    cst.AugAssign,
    cst.NamedExpr,
    cst.For,
    cst.AsName,
    cst.Param,
    cst.Del,
    cst.FunctionDef,
)
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


def find_bindings(reading: Reading) -> list[Binding]:
    """Every binding of the module, in the order of the text; `Reading.bindings` keeps them."""
    return _Collector(reading).found


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


class _Collector:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.found: list[Binding] = []
        self._declared = _declarations(reading)
        for node in reading.tree.nodes(*_BINDING):
            self._collect(node)

    def _collect(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Assign):
            for target in node.targets:
                self._add(node, target.target, node.value)
        elif isinstance(node, cst.AnnAssign):
            if node.value is not None:
                self._add(node, node.target, node.value)
        elif isinstance(node, (cst.AugAssign, cst.NamedExpr)):
            self._add(node, node.target, node.value)
        elif isinstance(node, (cst.For, cst.Del)):
            self._add(node, node.target, None)
        elif isinstance(node, (cst.AsName, cst.Param)):
            self._add(node, node.name, None)
        elif isinstance(node, cst.FunctionDef):
            parent = next(p for p in self.reading.parents(node) if isinstance(p, _SCOPES))
            self.found.append(Binding(node, node.name, None, (), frozenset({(parent, node.name.value)})))

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
            declared = self._declared.get((scope, name))
            if declared is cst.Global:
                return inside[-1]
            if declared is not cst.Nonlocal:
                return scope
        return inside[-1]


def _declarations(reading: Reading) -> dict[tuple[cst.CSTNode, str], type[cst.CSTNode]]:
    """Which functions declare which names to be those of a scope around them."""
    found: dict[tuple[cst.CSTNode, str], type[cst.CSTNode]] = {}
    declarations: list[cst.Global | cst.Nonlocal] = [*reading.tree.nodes(cst.Global)]
    declarations += reading.tree.nodes(cst.Nonlocal)
    for node in declarations:
        function = reading.function(node)
        if function is not None:
            found.update({(function, item.name.value): type(node) for item in node.names})
    return found
