"""Steps outside TensorFlow that would end a path inside it, too: indices, truth values, whole numbers."""

from __future__ import annotations

from tapefix.tapes.execution.stopping import stop_reason
from tapefix.tapes.flow.steps import Step, step_of
from tapefix.tapes.values import Kind, Operation, Value

_NUMBERS = {
    "builtins.int",
    "builtins.bool",
    "builtins.round",
    "math.ceil",
    "math.comb",
    "math.factorial",
    "math.floor",
    "math.gcd",
    "math.isclose",
    "math.isfinite",
    "math.isinf",
    "math.isnan",
    "math.perm",
    "math.trunc",
}
_ARRAYS = {
    "all",
    "allclose",
    "any",
    "argpartition",
    "argwhere",
    "around",
    "array_equal",
    "bitwise_and",
    "bitwise_or",
    "digitize",
    "dtype",
    "empty_like",
    "finfo",
    "fix",
    "flatnonzero",
    "floor_divide",
    "full_like",
    "histogram",
    "iinfo",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "lexsort",
    "ndim",
    "nonzero",
    "result_type",
    "sign",
    "signbit",
    "tobytes",
    "trunc",
    "unravel_index",
}


def is_end(value: Value) -> bool:
    """Whether it leaves TensorFlow for something that has no derivative there either."""
    if step_of(value) is not Step.OUT:
        return False
    name = value.name
    if value.operation is Operation.CALL:
        return name in _NUMBERS or (name.startswith("numpy.") and _ends_array(name.removeprefix("numpy.")))
    if value.operation is Operation.METHOD_CALL:
        return value.receiver is not None and value.receiver.kind is Kind.NDARRAY and _ends_array(name)
    return value.operation is Operation.ATTRIBUTE and name in ("size", "ndim", "shape", "dtype")


def _ends_array(name: str) -> bool:
    if name.startswith("random."):
        return True
    return name in _ARRAYS or bool(stop_reason(f"tensorflow.{name}"))
