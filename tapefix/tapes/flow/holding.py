"""Which object holds which: the parts of a model, its weights, and the objects that a part was taken from."""

from __future__ import annotations

import libcst as cst

from tapefix.tapes.values import Frame, Kind, Operation, Value

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


def holders(part: Value) -> set[Value]:
    """The model that a layer was taken from by `layers` or `get_layer`: a call of it is a call of the layer."""
    taken, model = part, part.receiver
    if taken.operation in (Operation.SUBSCRIPT, Operation.ITERATION) and model is not None:
        taken, model = model, model.receiver
    by_list = taken.operation is Operation.ATTRIBUTE and taken.name == "layers" and taken is not part
    by_name = taken.operation is Operation.METHOD_CALL and taken.name == "get_layer" and taken is part
    return {model} if model is not None and model.kind is Kind.MODEL and (by_list or by_name) else set()


_BUILDING = {"build", "fit", "predict", "evaluate", "train_on_batch", "load_weights", "summary"}
_INPUTS = ("input_shape", "input_dim", "batch_input_shape")


def has_weights(owner: Value, frame: Frame, time: int) -> bool:
    """Whether a Keras object has its weights when a frame comes to a time, for certain.

    It was called or built, or made with its input.
    """
    for user in owner.users:
        called = user.operation is Operation.CALL or (
            user.operation is Operation.METHOD_CALL and user.name in _BUILDING
        )
        # What a function would do if somebody called it has not happened yet.
        happened = _root(user.frame) is _root(frame) or not _root(user.frame).root
        if called and user.receiver is owner and user.time < time and happened:
            return True
    if owner.definition is not None:
        parts = [part for part in owner.attributes.values() if part.kind in (Kind.MODEL, Kind.LAYER)]
        variables = [part for part in owner.attributes.values() if part.kind is Kind.VARIABLE]
        late = any(isinstance(v.frame.node, cst.FunctionDef) and v.frame.node.name.value == "build" for v in variables)
        return bool(variables or parts) and not late and all(has_weights(part, frame, time) for part in parts)
    if owner.operation is not Operation.CALL:
        return owner.kind is not Kind.INSTANCE
    if owner.kind is Kind.MODEL and not owner.name.endswith(".Sequential"):
        return True
    made_of = [owner, *(part for given in owner.inputs for part in (given, *(given.elements or ())))]
    return any(
        part.kind is Kind.SYMBOLIC or any(argument.keyword in _INPUTS for argument in part.arguments)
        for part in made_of
    )


def _root(frame: Frame) -> Frame:
    while frame.caller is not None:
        frame = frame.caller
    return frame
