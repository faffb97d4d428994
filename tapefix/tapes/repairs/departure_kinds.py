"""The kinds of steps that leave TensorFlow, each of which belongs to one rule."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from tapefix.tapes.execution.library import foreign
from tapefix.tapes.execution.vocabulary import ARRAY_BODIES, COPYING
from tapefix.tapes.flow.steps import Step, foreign_origin, holds_tensors, keras_role_of, step_of
from tapefix.tapes.values import Kind, Operation, Value

_NUMPY_METHODS = {"numpy", "_numpy", "eval"}
_SCALAR_METHODS = {"item", "tolist"}
_PREDICTIONS = {"predict", "predict_on_batch"}
_TENSOR_MAKERS = {"tensorflow.constant", "tensorflow.convert_to_tensor"}
_REWRAPPING = {
    "tensorflow.Variable",
    "keras.Variable",
    "numpy.array",
    "numpy.asarray",
    "numpy.asanyarray",
    "numpy.ascontiguousarray",
    "numpy.copy",
}
_OBJECT_STEPS = (Operation.BINARY, Operation.ATTRIBUTE, Operation.SUBSCRIPT, Operation.STORE)


class Departure(enum.Enum):
    """What kind of step leaves TensorFlow."""

    NUMPY_METHOD = "numpy method"
    NUMPY_FUNCTION = "numpy function"
    PYTHON_SCALAR = "python scalar"
    PREDICT = "predict"
    REWRAPPED = "rewrapped"
    NUMPY_FUNCTION_OP = "numpy_function"
    FOREIGN = "foreign function"


def departure_of(value: Value, outside: Iterable[Value] = ()) -> Departure | None:
    """What kind of departure a value on a path is; `None` when it stays in TensorFlow or needs no change.

    `outside` are the values that the path is in arrays or numbers for now: what is done with one is a departure, too.
    """
    if value.operation is Operation.CALL:
        return _called(value, outside)
    arrays = set(outside)
    if value.operation is Operation.METHOD_CALL:
        if value.name in _PREDICTIONS and value.receiver is not None and keras_role_of(value.receiver):
            return Departure.PREDICT
        if step_of(value) is not Step.OUT and value.receiver not in arrays:
            return None
        if value.receiver is not None and foreign_origin(value.receiver) is not None:
            return Departure.FOREIGN
        if value.name in _NUMPY_METHODS:
            return Departure.NUMPY_METHOD
        return Departure.PYTHON_SCALAR if value.name in _SCALAR_METHODS else Departure.NUMPY_FUNCTION
    if value.operation in _OBJECT_STEPS:
        if value.is_tensor:
            return None
        operands = value.inputs if value.operation is Operation.BINARY else (value.receiver,)
        leaves = step_of(value) is Step.OUT or any(operand in arrays for operand in operands)
        return Departure.NUMPY_FUNCTION if leaves else None
    return None


def _called(value: Value, outside: Iterable[Value]) -> Departure | None:
    name = value.name
    if value.receiver is not None and value.receiver.kind is not Kind.LIBRARY:
        return Departure.FOREIGN if foreign_origin(value.receiver) is not None else None
    if name in _REWRAPPING:
        return Departure.REWRAPPED
    if name in _TENSOR_MAKERS:
        arrays = set(outside)
        rewrapped = any(i.is_number or i in arrays for i in value.inputs)
        return Departure.REWRAPPED if rewrapped or (name == "tensorflow.constant" and holds_tensors(value)) else None
    if step_of(value) is not Step.OUT:
        return None
    root = name.partition(".")[0]
    if name in COPYING:
        return Departure.NUMPY_METHOD
    if name in ARRAY_BODIES:
        return Departure.NUMPY_FUNCTION_OP
    if foreign(name):
        return Departure.FOREIGN
    if root in ("builtins", "math"):
        return Departure.PYTHON_SCALAR
    return Departure.NUMPY_FUNCTION
