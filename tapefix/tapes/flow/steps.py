"""What one value does to a gradient on its way: hands it on, stops it, or leaves TensorFlow."""

from __future__ import annotations

import enum

import libcst as cst

from tapefix.tapes.execution import library, vocabulary
from tapefix.tapes.execution.invocation import keras_role
from tapefix.tapes.execution.stopping import stop_reason
from tapefix.tapes.flow.stops import is_silent, stop_of
from tapefix.tapes.values import Kind, Operation, Value


class Step(enum.Enum):
    """The closed set of what a step on a path can be."""

    PASS = "pass"
    """No operation: a join, a container, a loop's element, a value as it is."""
    TENSOR = "tensor"
    """A TensorFlow operation with a gradient: followed where the tape records."""
    MODEL = "model"
    """A call of a Keras model, layer or loss: TensorFlow operations that also read variables."""
    OUT = "out"
    """Leaves TensorFlow: NumPy, Python numbers, `predict`."""
    STOP = "stop"
    """Stays in TensorFlow, but no gradient passes."""
    ZERO = "zero"
    """A TensorFlow operation that the tape records, with a gradient that is zero everywhere."""
    NEW = "new"
    """A new variable or constant that does not remember what it was made of."""
    UNKNOWN = "unknown"


_OUT_METHODS = {"numpy", "_numpy", "item", "tolist"}
_PREDICTIONS = {"predict", "predict_on_batch"}
_NUMPY_RESULTS = (Kind.NDARRAY, Kind.SCALAR)
_KERAS_OBJECTS = (Kind.MODEL, Kind.LAYER, Kind.LOSS)
_ARITHMETIC = {"Add", "Subtract", "Multiply", "Divide", "Power", "MatrixMultiply", "Modulo", "Minus", "Plus"}


def step_of(value: Value) -> Step:
    """What a value does to a gradient."""
    if value.step is None:
        value.step = _step_of(value)
    return value.step


def _step_of(value: Value) -> Step:
    if stop_of(value) is not None:
        return Step.ZERO if is_silent(value) else Step.STOP
    operation = value.operation
    if operation in (Operation.JOIN, Operation.DISPLAY, Operation.PARAMETER, Operation.IMPORT, Operation.LITERAL):
        return Step.STOP if value.kind is Kind.STRING else Step.PASS
    if operation is Operation.DEFINITION:
        return Step.PASS
    if value.observed is not None and operation in (Operation.CALL, Operation.METHOD_CALL):
        return Step.TENSOR if value.kind is Kind.TENSOR and value.observed.passes else Step.UNKNOWN
    if operation is Operation.ITERATION:
        return _element(value)
    if operation is Operation.GRADIENT:
        return Step.TENSOR
    if operation in (Operation.BINARY, Operation.UNARY):
        return _operator(value)
    if operation is Operation.SUBSCRIPT:
        return _element(value)
    if operation is Operation.STORE:
        return Step.OUT if value.kind is Kind.NDARRAY else Step.UNKNOWN
    if operation is Operation.ATTRIBUTE:
        return _attribute(value)
    if operation is Operation.METHOD_CALL:
        return _method(value)
    if operation is Operation.CALL:
        return _call(value)
    return Step.UNKNOWN


def _element(value: Value) -> Step:
    receiver = value.receiver
    if value.kind is Kind.NDARRAY or (receiver is not None and receiver.kind is Kind.NDARRAY):
        return Step.OUT
    if value.kind is Kind.TENSOR:
        if receiver is None or receiver.kind is Kind.DATASET:
            return Step.PASS
        several = isinstance(value.node, cst.Subscript) and len(value.node.slice) > 1
        # Of a list the element is handed on as it is; only a tensor can be asked for `t[:, i]`.
        return Step.UNKNOWN if not several and _may_be_several(receiver) else Step.TENSOR
    if value.kind in (Kind.VARIABLE, Kind.VARIABLES):
        return Step.PASS
    if receiver is not None and receiver.elements is not None:
        return Step.PASS
    return Step.UNKNOWN


def _may_be_several(value: Value) -> bool:
    """Whether what is called a tensor may be a list or tuple of tensors: the outputs of a model, of `tf.unstack`."""
    if value.operation is Operation.JOIN:
        return any(_may_be_several(part) for part in value.inputs)
    owner = value.receiver
    if value.operation not in (Operation.CALL, Operation.METHOD_CALL) or owner is None:
        return value.operation is Operation.ITERATION and owner is not None and _may_be_several(owner)
    if owner.kind is Kind.LIBRARY:
        return value.name.rpartition(".")[2] in vocabulary.SEVERAL_RESULTS
    if owner.kind is Kind.LAYER:
        return owner.name.rpartition(".")[2] in vocabulary.SEVERAL_OUTPUTS or not owner.name.startswith("keras.layers.")
    return keras_role_of(owner) and not owner.name.endswith(".Sequential")


def _operator(value: Value) -> Step:
    if any(i.kind is Kind.SYMBOLIC for i in value.inputs):
        return Step.PASS
    if value.is_tensor:
        return Step.TENSOR if value.name in _ARITHMETIC else Step.UNKNOWN
    if value.kind in _NUMPY_RESULTS:
        return Step.OUT
    # What is not known may still be a tensor; as an operator it is then TensorFlow's.
    return Step.TENSOR if value.name in _ARITHMETIC else Step.UNKNOWN


def _attribute(value: Value) -> Step:
    receiver = value.receiver
    if value.kind is Kind.NDARRAY:
        return Step.OUT
    if value.kind is Kind.TENSOR and receiver is not None and receiver.kind is Kind.VARIABLE:
        return Step.TENSOR
    if value.name == "losses" and receiver is not None and keras_role_of(receiver):
        return Step.MODEL
    if value.kind in (Kind.VARIABLE, Kind.VARIABLES, Kind.SYMBOLIC, Kind.LAYER, Kind.MODEL):
        return Step.PASS
    return Step.UNKNOWN


def keras_role_of(value: Value) -> bool:
    """Whether it is a Keras model or layer, or an instance of a subclass of one."""
    return value.kind in (Kind.MODEL, Kind.LAYER) or keras_role(value.definition) is not None


def foreign_origin(value: Value) -> Value | None:
    """The call that made an object of another library: an estimator, a distribution, an image, an interpolator."""
    current: Value | None = value
    while current is not None and current.kind is Kind.UNKNOWN:
        receiver = current.receiver
        if current.operation is Operation.CALL and receiver is not None and receiver.kind is Kind.LIBRARY:
            return current if library.foreign(current.name) else None
        if current.operation not in (Operation.METHOD_CALL, Operation.CALL):
            return None
        current = receiver
    return None


def _method(value: Value) -> Step:
    receiver = value.receiver
    if value.name in _PREDICTIONS:
        # Anything may have a method of that name; what is no Keras model may compute with TensorFlow in it.
        return Step.OUT if receiver is not None and keras_role_of(receiver) else Step.UNKNOWN
    if value.name in _OUT_METHODS or (receiver is not None and receiver.kind is Kind.NDARRAY):
        return Step.OUT
    if receiver is not None and receiver.is_tensor and value.kind in _NUMPY_RESULTS:
        return Step.OUT
    if receiver is not None and foreign_origin(receiver) is not None:
        return Step.OUT
    if value.kind is Kind.TENSOR:
        return Step.MODEL if receiver is not None and keras_role_of(receiver) else Step.TENSOR
    if value.kind is Kind.VARIABLE:
        # `v.assign(...)`: the variable does not remember what was assigned.
        return Step.NEW
    return Step.UNKNOWN


def _call(value: Value) -> Step:
    name, receiver = value.name, value.receiver
    if receiver is not None and receiver.kind is not Kind.LIBRARY:
        if receiver.kind in _KERAS_OBJECTS or keras_role(receiver.definition) is not None:
            return Step.PASS if value.kind is Kind.SYMBOLIC else Step.MODEL
        if foreign_origin(receiver) is not None:
            return Step.OUT
        return Step.TENSOR if name == "tensorflow.custom_gradient" else Step.UNKNOWN
    if name == "tensorflow.Variable" or name == "keras.Variable":
        return Step.NEW
    if name == "tensorflow.constant" and holds_tensors(value):
        return Step.NEW
    if stop_reason(name):
        return Step.OUT
    if name.startswith("builtins."):
        return _builtin(value)
    if name.startswith(("numpy.", "math.")) or library.foreign(name) or name in vocabulary.COPYING:
        return Step.OUT
    if value.kind is Kind.TENSOR:
        return Step.TENSOR
    if value.kind in (Kind.SYMBOLIC, Kind.MODEL, Kind.LAYER, Kind.INSTANCE, Kind.LOSS, Kind.DATASET):
        return Step.PASS
    return Step.UNKNOWN


def holds_tensors(value: Value) -> bool:
    """Whether a call such as `tf.constant([a, b])` gets a list with tensors, which it cannot take apart."""
    content = value.argument(0, "value")
    return content is not None and _has_tensor(content.value)


def _has_tensor(value: Value) -> bool:
    return any(element.is_tensor or _has_tensor(element) for element in value.elements or ())


def _builtin(value: Value) -> Step:
    short = value.name.partition(".")[2]
    if short == "float" and value.kind is not Kind.SCALAR:
        return Step.TENSOR if value.is_tensor else Step.UNKNOWN
    if short in vocabulary.LEAVING_BUILTINS or short in ("round", "len"):
        return Step.OUT if short != "len" else Step.STOP
    if short in ("sum", "abs", "max", "min", "pow"):
        return Step.OUT if value.kind in _NUMPY_RESULTS else Step.TENSOR
    if short in ("print", "str", "repr", "isinstance", "type", "id", "hash", "format"):
        return Step.STOP
    return Step.UNKNOWN
