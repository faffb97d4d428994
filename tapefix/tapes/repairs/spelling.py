"""Spelling: an expression by which a value can be had at a place, and names that are still free."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from tapefix.tapes.reading import Reading
from tapefix.tapes.tape import Region
from tapefix.tapes.values import NO_CONSTANT, Frame, Kind, Operation, Value

_SPELLED = (cst.Name, cst.Attribute, cst.Call, cst.Subscript)


@dataclass(frozen=True)
class Scope:
    """A place in a frame: what the names hold there, and when it is reached."""

    frame: Frame
    names: dict[str, Value]
    time: int

    @classmethod
    def entering(cls, region: Region) -> Scope:
        """In front of a region."""
        return cls(region.frame, region.names, region.entered)

    @classmethod
    def making(cls, value: Value) -> Scope:
        """Where a value was made."""
        return cls(value.frame, value.frame.names, value.time)

    def lookup(self, name: str) -> Value | None:
        """What a name holds, when it is certain to hold it there."""
        if name in self.names and name not in self.frame.global_names:
            found: Value | None = self.names[name]
        else:
            frame, found = self.frame.closure, None
            while frame is not None and found is None:
                found, frame = frame.names.get(name), frame.closure
        return found if found is not None and found.time < self.time else None

    def holding(self, value: Value) -> Iterator[str]:
        """The names, and attributes of objects with names, that hold a value."""
        seen: set[str] = set()
        frame: Frame | None = self.frame
        names: dict[str, Value] | None = self.names
        objects: list[tuple[str, Value]] = []
        while frame is not None and names is not None:
            for name in names:
                held = self.lookup(name)
                if name in seen or held is None:
                    continue
                seen.add(name)
                if held is value:
                    yield name
                if held.kind is Kind.INSTANCE:
                    objects.append((name, held))
            frame = frame.closure
            names = frame.names if frame is not None else None
        for name, owner in objects:
            for attribute, held in owner.attributes.items():
                if held is value and attribute.isidentifier() and held.time < self.time:
                    yield f"{name}.{attribute}"


def spelled(reading: Reading, scope: Scope, value: Value, *nodes: cst.CSTNode) -> str | None:
    """An expression for a value at a place: one of `nodes` where it means the same there, else a name of it."""
    for node in nodes:
        if _means_the_same(reading, scope, node):
            return reading.code(node)
    held = next(scope.holding(value), None)
    if held is not None:
        return held
    for node, values in reading.execution.values_of.items():
        if value in values and isinstance(node, _SPELLED) and _means_the_same(reading, scope, node):
            return reading.code(node)
    return _made_of(reading, scope, value)


def _made_of(reading: Reading, scope: Scope, value: Value) -> str | None:
    """`owner.attribute` and `model.get_layer(name)`, of what has a name there."""
    if value.receiver is None or value.operation not in (Operation.ATTRIBUTE, Operation.METHOD_CALL):
        return None
    owner = spelled(reading, scope, value.receiver)
    if owner is None:
        return None
    if value.operation is Operation.ATTRIBUTE:
        return f"{owner}.{value.name}"
    given = []
    for argument in value.arguments if value.name == "get_layer" else ():
        text = spelled(reading, scope, argument.value, argument.node.value)
        if argument.value.constant is not NO_CONSTANT and text is None:
            text = repr(argument.value.constant)
        if text is None:
            return None
        given.append(f"{argument.keyword}={text}" if argument.keyword else text)
    return f"{owner}.get_layer({', '.join(given)})" if given else None


def _means_the_same(reading: Reading, scope: Scope, node: cst.CSTNode) -> bool:
    """Whether every name of an expression holds at the place what it holds where the expression stands."""
    if any(isinstance(part, cst.Call) and not _hands_out_a_layer(part) for part in _parts(node)):
        # A second call may make a second object.
        return False
    names = list(_names(node))
    if not names and not isinstance(node, (cst.SimpleString, cst.Integer)):
        return False
    for name in names:
        held = scope.lookup(name.value)
        if held is None or held not in reading.values(name):
            return False
    return "\n" not in reading.code(node)


def _parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _parts(child)


def _hands_out_a_layer(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value == "get_layer"


def _names(node: cst.CSTNode) -> Iterator[cst.Name]:
    """The names that an expression reads."""
    if isinstance(node, cst.Name):
        yield node
    elif isinstance(node, (cst.Attribute, cst.Arg)):
        yield from _names(node.value)
    else:
        for child in node.children:
            yield from _names(child)


def free_name(reading: Reading, *candidates: str) -> str:
    """The first of the names that the file does not use, else one with a number."""
    numbered = (f"{candidates[0]}_{number}" for number in range(2, 1000))
    for name in (*candidates, *numbered):
        if re.search(rf"\b{name}\b", reading.text) is None:
            return name
    raise ValueError(f"no name is free for {candidates[0]}")


def model_class(reading: Reading) -> str | None:
    """How the file writes `keras.Model`; `None` when it knows nothing of Keras."""
    module = reading.execution.module_frame.names
    for node, values in reading.execution.values_of.items():
        made = isinstance(node, cst.Call) and any(v.name in ("keras.Model", "keras.models.Model") for v in values)
        if made and isinstance(node, cst.Call):
            root = next(_names(node.func), None)
            if root is not None and root.value in module:
                return reading.code(node.func)
    known = {value.name: name for name, value in reversed(module.items()) if value.kind is Kind.LIBRARY}
    for library, suffix in [
        ("keras.Model", ""),
        ("keras.models.Model", ""),
        ("keras", ".Model"),
        ("keras.models", ".Model"),
        ("tensorflow", ".keras.Model"),
    ]:
        if library in known:
            return known[library] + suffix
    return None
