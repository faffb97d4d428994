"""The names by which a module gets at a tape, and whether all that it does with them is known."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import QUERY_METHODS, Tape
from tapefix.tapes.values import Kind

SCOPES = (cst.FunctionDef, cst.Lambda, cst.ClassDef, cst.Module)
"""What has names of its own."""

_NAMING = (cst.Param, cst.AsName, cst.AssignTarget, cst.Del, cst.FunctionDef, cst.ClassDef, cst.NameItem)
_METHODS = (*QUERY_METHODS, "watch", "watched_variables", "stop_recording", "reset")


class Handles:
    """The expressions of a module that gave a tape when they were evaluated."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._nodes: dict[Tape, list[cst.CSTNode]] = {}
        for node, values in reading.execution.values_of.items():
            for tape in dict.fromkeys(v.tape for v in values if v.kind is Kind.TAPE and v.tape is not None):
                self._nodes.setdefault(tape, []).append(node)

    def nodes(self, tape: Tape) -> list[cst.CSTNode]:
        """The expressions that gave this tape, without the call that made it."""
        return [node for node in self._nodes.get(tape, ()) if node is not tape.node]

    def known(self, tape: Tape) -> bool:
        """Whether the tape goes by plain names only, and each of their uses was come by and understood."""
        nodes = self.nodes(tape)
        return all(self._understood(node) for node in nodes) and all(self._evaluated(node) for node in nodes)

    def calls(self, tape: Tape) -> Iterator[tuple[str, int]]:
        """Every method of the tape that is called, and when."""
        for node in self.nodes(tape):
            attribute = self.reading.parent(node)
            call = self.reading.parent(attribute) if isinstance(attribute, cst.Attribute) else None
            if isinstance(call, cst.Call) and isinstance(attribute, cst.Attribute):
                for value in self.reading.values(call):
                    if value.tape is tape:
                        yield attribute.attr.value, value.time

    def _understood(self, node: cst.CSTNode) -> bool:
        if not isinstance(node, cst.Name):
            return False
        parent = self.reading.parent(node)
        if isinstance(parent, (cst.AsName, cst.AssignTarget, cst.WithItem)):
            return True
        if isinstance(parent, cst.Attribute):
            call = self.reading.parent(parent)
            return isinstance(call, cst.Call) and call.func is parent and parent.attr.value in _METHODS
        if isinstance(parent, cst.Arg):
            call = self.reading.parent(parent)
            return isinstance(call, cst.Call) and self._followed(call)
        return False

    def _followed(self, call: cst.Call) -> bool:
        """Whether a call is of functions of the module, with nothing around them."""
        callees = self.reading.values(call.func)
        transparent = self.reading.execution.transparent
        return bool(callees) and all(
            callee.kind in (Kind.FUNCTION, Kind.METHOD)
            and callee.definition is not None
            and transparent(callee.definition)
            for callee in callees
        )

    def _evaluated(self, node: cst.CSTNode) -> bool:
        """Whether every use of the name in its scope was come by: what was not may do anything with the tape."""
        assert isinstance(node, cst.Name)
        reading = self.reading
        scope = next(parent for parent in reading.parents(node) if isinstance(parent, SCOPES))
        for use in reading.tree.nodes(cst.Name, inside=scope):
            if use.value == node.value and not _is_label(reading, use):
                values = reading.values(use)
                if not values or any(value.kind is not Kind.TAPE for value in values):
                    return False
        return True


def _is_label(reading: Reading, name: cst.Name) -> bool:
    """Whether a name is not read: an attribute's, a keyword, or one that is declared, bound or deleted."""
    parent = reading.parent(name)
    if isinstance(parent, cst.Attribute):
        return parent.attr is name
    if isinstance(parent, cst.Arg):
        return parent.keyword is name
    return isinstance(parent, _NAMING) or (isinstance(parent, cst.Element) and _deleted(reading, parent))


def _deleted(reading: Reading, element: cst.Element) -> bool:
    holder = reading.parent(element)
    return holder is not None and isinstance(reading.parent(holder), cst.Del)
