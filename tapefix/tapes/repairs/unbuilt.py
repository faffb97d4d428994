"""Weights that are read before there are any: a Keras model makes them at its first call."""

from __future__ import annotations

from tapefix.tapes.execution.invocation import keras_role
from tapefix.tapes.values import Kind, Operation, Value

COLLECTIONS = {"trainable_variables", "trainable_weights", "variables", "weights"}

_NO_HOLDERS = (
    Kind.TENSOR,
    Kind.NDARRAY,
    Kind.SCALAR,
    Kind.STRING,
    Kind.NONE,
    Kind.LIBRARY,
    Kind.FUNCTION,
    Kind.CLASS,
    Kind.METHOD,
    Kind.LOSS,
    Kind.OPTIMIZER,
)
_BUILT_AT_ONCE = {"InputLayer", "TFSMLayer", "TorchModuleWrapper", "FlaxLayer", "JaxLayer", "Layer"}
_SHAPES = {"input_shape", "batch_input_shape", "batch_shape", "input_dim", "input_length", "weights"}
_SIZES = {"units", "filters", "rate", "kernel_size", "strides", "input_dim", "output_dim"}
"""What is a number, whatever it is called with."""
_SIZED = {
    "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Dense", "Dropout",
    "Embedding", "GRU", "LSTM", "SimpleRNN",
}  # fmt: skip
"""Layers whose first argument is a number."""
_HARMLESS = {"add", "compile", "summary", "get_config"}
_LISTING = {"append", "extend", "insert", "add"}
_BASES = {"keras.Model", "keras.layers.Layer"}


def is_unbuilt(value: Value, time: int) -> bool:
    """Whether a model or layer has no weights at a time, for certain: nothing can have called or built it by then."""
    role = value.kind in (Kind.MODEL, Kind.LAYER) or keras_role(value.definition) is not None
    return role and _empty(value, time, 0)


def _empty(value: Value, time: int, depth: int) -> bool:
    """Whether nothing in it has weights at that time."""
    if depth > 8:
        return False
    if value.kind in _NO_HOLDERS:
        return True
    if _touched(value, time):
        return False
    if value.kind is Kind.SEQUENCE and value.elements is not None:
        return all(_empty(element, time, depth + 1) for element in value.elements)
    if value.kind is Kind.MAPPING and value.entries is not None:
        return all(_empty(entry, time, depth + 1) for entry in value.entries.values())
    if value.kind is Kind.INSTANCE:
        return _empty_instance(value, time, depth)
    if value.operation is not Operation.CALL or value.receiver is None or value.receiver.kind is not Kind.LIBRARY:
        return False
    if any(argument.star or argument.keyword in _SHAPES for argument in value.arguments):
        return False
    parts = [part.value for number, part in enumerate(value.arguments) if not _is_size(value, number)]
    if value.kind is Kind.MODEL:
        if value.name.rpartition(".")[2] != "Sequential":
            return False
        added = [u for u in value.users if u.operation is Operation.METHOD_CALL and u.name == "add" and u.time < time]
        parts += [argument.value for user in added for argument in user.arguments]
    elif not value.name.startswith("keras.layers.") or value.name.rpartition(".")[2] in _BUILT_AT_ONCE:
        return False
    return all(_empty(part, time, depth + 1) for part in parts)


def _is_size(value: Value, number: int) -> bool:
    """Whether an argument of a layer is a number for certain, wherever it comes from."""
    keyword = value.arguments[number].keyword
    if not value.name.startswith("keras.layers."):
        return False
    return keyword in _SIZES if keyword else number == 0 and value.name.rpartition(".")[2] in _SIZED


def _empty_instance(value: Value, time: int, depth: int) -> bool:
    definition = value.definition
    if definition is None or not set(definition.library_bases()) <= _BASES:
        return False
    held = [part for when, _, part in value.settings or () if when < time]
    held += [member for member in definition.members.values() if member.definition is None]
    return all(_empty(part, time, depth + 1) for part in held)


def _touched(value: Value, time: int) -> bool:
    """Whether something may have called or built it by then."""
    return any(user.time < time and not _harmless(user, value) for user in value.users)


def _harmless(user: Value, value: Value) -> bool:
    operation = user.operation
    if operation in (Operation.DISPLAY, Operation.ATTRIBUTE):
        return True
    if operation is Operation.UNKNOWN:
        # `super()` in a method is the object itself.
        return value.kind is Kind.INSTANCE and user.kind is Kind.UNKNOWN and user.inputs == (value,)
    if operation is Operation.METHOD_CALL:
        if user.receiver is value:
            return user.name in _HARMLESS
        container = user.receiver
        listed = container is not None and (container.elements is not None or container.kind is Kind.MODEL)
        return listed and user.name in _LISTING
    if operation is not Operation.CALL or user.receiver is value:
        return False
    made = user.kind is Kind.INSTANCE and user.definition is not None
    return made or (user.kind in (Kind.LAYER, Kind.MODEL) and user.name.startswith("keras.") and _makes(user))


def _makes(user: Value) -> bool:
    """Whether a layer or a `Sequential` is made of it, which does not call it."""
    name = user.name
    return name.startswith("keras.layers.") or name.rpartition(".")[2] == "Sequential"
