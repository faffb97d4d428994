"""Why no gradient comes back through a step that stays in TensorFlow."""

from __future__ import annotations

import enum

from tapefix.tapes.execution.inference import named_dtype
from tapefix.tapes.execution.stopping import RESIZE, RESIZE_AREA, gradientless_operation, is_zero, stop_reason
from tapefix.tapes.values import Dtype, Kind, Operation, Value


class Stop(enum.Enum):
    """The closed set of reasons."""

    STOPPED = "stopped"
    """On purpose: `tf.stop_gradient`."""
    SELECTION = "selection"
    """An index: `tf.argmax`, the indices of `tf.math.top_k`."""
    COUNT = "count"
    """A number of entries, or a place among them."""
    ROUNDING = "rounding"
    """A whole number: `tf.round`, `//`, a cast to integers; or a sign."""
    COMPARISON = "comparison"
    """True or false."""
    METRIC = "metric"
    """A metric of Keras: what it gives is read from its variables."""
    GRADIENTLESS = "gradientless"
    """An operation for which TensorFlow has no gradient."""
    CONSTANT = "constant"
    """Made of the shape or dtype alone."""


_REASONS = {
    "stopped": Stop.STOPPED,
    "selection": Stop.SELECTION,
    "count": Stop.COUNT,
    "rounding": Stop.ROUNDING,
    "comparison": Stop.COMPARISON,
    "gradientless": Stop.GRADIENTLESS,
    "constant": Stop.CONSTANT,
    "shape": Stop.CONSTANT,
}
_CASTS = {"cast", "constant", "convert_to_tensor", "saturate_cast", "to_int32", "to_int64"}
_TOP_K = ("top_k", "approx_max_k", "approx_min_k")
_STATIC = ("shape", "dtype", "ndim", "size", "name", "device")


def stop_of(value: Value) -> Stop | None:
    """Why no gradient comes back through a value; `None` where one may."""
    if value.stop is ...:
        value.stop = _stop_of(value)
    return value.stop


def _stop_of(value: Value) -> Stop | None:
    operation, receiver = value.operation, value.receiver
    if operation is Operation.COMPARISON:
        return Stop.COMPARISON
    symbolic = any(i.kind is Kind.SYMBOLIC for i in value.inputs)
    if operation is Operation.BINARY and value.name == "FloorDivide" and not symbolic:
        return Stop.ROUNDING
    if operation is Operation.UNARY and value.name in ("Not", "BitInvert") and not symbolic:
        return Stop.COMPARISON
    if operation is Operation.ATTRIBUTE and value.name in _STATIC and value.kind is not Kind.NDARRAY:
        return Stop.CONSTANT
    if operation in (Operation.CALL, Operation.METHOD_CALL) and receiver is not None and receiver.kind is Kind.METRIC:
        return Stop.METRIC
    if _is_top_indices(value):
        return Stop.SELECTION
    if operation is Operation.CALL and (receiver is None or receiver.kind is Kind.LIBRARY):
        return _of_call(value)
    return None


def _of_call(value: Value) -> Stop | None:
    short = value.name.rpartition(".")[2]
    if value.name == RESIZE and _resizes_by_area(value):
        return Stop.GRADIENTLESS
    if short == "where" and value.kind is Kind.TENSOR and len(value.arguments) == 1:
        return Stop.COUNT
    if casts_to_whole(value):
        return Stop.ROUNDING
    return _REASONS.get(stop_reason(value.name))


def casts_to_whole(value: Value) -> bool:
    """Whether it is a tensor cast to integers, or to truth values."""
    short = value.name.rpartition(".")[2]
    if value.operation is not Operation.CALL or value.kind is not Kind.TENSOR or short not in _CASTS:
        return False
    if short.startswith("to_int"):
        return True
    dtype = value.argument(1, "dtype")
    return dtype is not None and named_dtype(dtype.value)[0] in (Dtype.INTEGER, Dtype.BOOL)


def _resizes_by_area(value: Value) -> bool:
    method = value.argument(2, "method")
    return method is not None and (method.value.constant == "area" or method.value.name.endswith(".AREA"))


def _is_top_indices(value: Value) -> bool:
    """Whether it is the second result of `tf.math.top_k`."""
    owner = value.receiver
    if owner is None or owner.operation is not Operation.CALL or owner.name.rpartition(".")[2] not in _TOP_K:
        return False
    if value.operation is Operation.ATTRIBUTE:
        return value.name == "indices"
    if value.operation is Operation.ITERATION:
        return value.name == "[1]"
    return value.operation is Operation.SUBSCRIPT and value.inputs[-1].constant == 1


def is_silent(value: Value) -> bool:
    """Whether the answer is zeros and not `None`, where a value is all that leads to the source."""
    return _is_top_indices(value) or (value.operation is Operation.CALL and is_zero(value.name))


def operation_without_gradient(value: Value) -> str:
    """The name of the operation that has no gradient."""
    return RESIZE_AREA if value.name == RESIZE else gradientless_operation(value.name)
