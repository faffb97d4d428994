"""Which object holds which: the parts of a model, and the objects that a part was taken from."""

from __future__ import annotations

from tapefix.tapes.values import Kind, Operation, Value

_OPAQUE = (Kind.LIBRARY, Kind.TAPE, Kind.SCALAR, Kind.STRING)
_BUILT = (Kind.MODEL, Kind.LAYER, Kind.SYMBOLIC, Kind.INSTANCE, Kind.SEQUENCE, Kind.UNKNOWN)
_TAKEN = (Operation.ATTRIBUTE, Operation.SUBSCRIPT, Operation.ITERATION, Operation.METHOD_CALL)


def members(owner: Value) -> set[Value]:
    """What a model or layer holds: its parts, however deep, and what it was built from."""
    seen: set[Value] = set()
    stack = [owner]
    while stack:
        value = stack.pop()
        if value in seen or value.kind in _OPAQUE:
            continue
        seen.add(value)
        stack.extend(value.attributes.values())
        stack.extend(value.elements or ())
        stack.extend((value.entries or {}).values())
        # What an attribute was read from holds it, not the other way round; a Keras tensor knows its model.
        if value.kind in _BUILT and (value.operation not in _TAKEN or value.kind is Kind.SYMBOLIC):
            stack.extend(v for v in value.inputs if v.kind not in (Kind.TENSOR, Kind.NDARRAY))
    return seen


def containers(part: Value) -> set[Value]:
    """The objects that a part was taken from, by attributes, items and methods: a call of one may use the part."""
    found: set[Value] = set()
    current = part
    while current.operation in _TAKEN and current.receiver is not None and current.receiver not in found:
        current = current.receiver
        found.add(current)
    return found
