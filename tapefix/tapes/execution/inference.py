"""Kinds and dtypes of what operators and library calls give, from what goes in."""

from __future__ import annotations

from collections.abc import Sequence

from tapefix.tapes.execution.library import dtype_class
from tapefix.tapes.execution.stopping import stop_reason
from tapefix.tapes.execution.vocabulary import FLOATING_DEFAULT, INTEGER_DEFAULT
from tapefix.tapes.values import Argument, Dtype, Kind, Value

_PASSIVE = {"BitAnd", "BitOr", "BitXor", "LeftShift", "RightShift"}


def binary_result(operator: str, left: Value, right: Value) -> tuple[Kind, Dtype]:
    """Kind and dtype of an arithmetic operation. A tensor on either side makes it TensorFlow's."""
    kinds = (left.kind, right.kind)
    dtype = _promoted(operator, left, right)
    if Kind.SYMBOLIC in kinds:
        return Kind.SYMBOLIC, dtype
    if left.is_tensor or right.is_tensor:
        tensor = left if left.is_tensor else right
        if operator == "Divide" and tensor.dtype is Dtype.INTEGER:
            return Kind.TENSOR, Dtype.FLOATING
        return Kind.TENSOR, tensor.dtype if tensor.dtype is not Dtype.UNKNOWN else dtype
    if Kind.STRING in kinds:
        return Kind.STRING, Dtype.UNKNOWN
    if Kind.UNKNOWN in kinds:
        return Kind.UNKNOWN, Dtype.UNKNOWN
    if Kind.NDARRAY in kinds:
        return Kind.NDARRAY, dtype
    if kinds == (Kind.SCALAR, Kind.SCALAR):
        return Kind.SCALAR, dtype
    return Kind.UNKNOWN, Dtype.UNKNOWN


def precise_result(result: Value, left: Value, right: Value) -> str:
    """The precise dtype of an arithmetic operation: a number beside a tensor or an array adapts to it."""
    operands = [value for value in (left, right) if value.kind is not Kind.SCALAR]
    tensors = [value for value in operands if value.is_tensor]
    deciding = tensors or operands
    dtypes = {value.precise_dtype if value.dtype is result.dtype else "" for value in deciding}
    return dtypes.pop() if len(dtypes) == 1 else ""


def _promoted(operator: str, left: Value, right: Value) -> Dtype:
    dtypes = {left.dtype, right.dtype}
    if Dtype.COMPLEX in dtypes:
        return Dtype.COMPLEX
    if Dtype.FLOATING in dtypes:
        return Dtype.FLOATING
    if Dtype.UNKNOWN in dtypes:
        return Dtype.UNKNOWN
    return Dtype.FLOATING if operator == "Divide" else Dtype.INTEGER


def literal_dtype(value: Value) -> Dtype:
    """The dtype that a literal, or a list of literals however deep, has as a tensor."""
    if value.elements is not None:
        classes = {literal_dtype(element) for element in value.elements}
        for found in (Dtype.UNKNOWN, Dtype.COMPLEX, Dtype.FLOATING, Dtype.INTEGER, Dtype.BOOL):
            if found in classes:
                return found
        return Dtype.FLOATING
    return value.dtype


def named_dtype(value: Value | None) -> tuple[Dtype, str]:
    """The dtype that an argument names: `tf.float32`, `"float32"`, `np.int64`, `float`, `x.dtype`."""
    if value is None:
        return Dtype.UNKNOWN, ""
    if isinstance(value.constant, str):
        return dtype_class(value.constant)
    if value.kind is Kind.LIBRARY:
        return dtype_class(value.name)
    if value.name == "dtype" and value.receiver is not None:
        return value.receiver.dtype, value.receiver.precise_dtype
    return Dtype.UNKNOWN, ""


_DTYPE_POSITIONS = {
    "tensorflow.constant": 1,
    "tensorflow.cast": 1,
    "tensorflow.convert_to_tensor": 1,
    "tensorflow.ones": 1,
    "tensorflow.zeros": 1,
    "keras.ops.cast": 1,
    "keras.backend.cast": 1,
    "tensorflow.random.uniform": 3,
    "tensorflow.random.normal": 3,
    "tensorflow.Variable": 7,
    "numpy.random.random": 1,
    "numpy.random.standard_normal": 1,
    "numpy.array": 1,
    "numpy.asarray": 1,
    "numpy.zeros": 1,
    "numpy.ones": 1,
}
_FROM_CONTENT = {
    "constant",
    "convert_to_tensor",
    "Variable",
    "array",
    "asarray",
    "fill",
    "full",
    "stack",
    "range",
    "arange",
}


_CHOOSING = {"numpy.random.choice", "numpy.random.permutation"}
_FLOATING_RESULTS = {
    "mean", "average", "median", "std", "var", "sqrt", "exp", "log", "log2", "log10", "log1p", "expm1", "sin", "cos",
    "tan", "sinh", "cosh", "tanh", "arctan", "arctan2", "arcsin", "arccos", "divide", "true_divide", "hypot", "interp",
    "percentile", "quantile", "reciprocal", "cbrt", "nanmean", "nanstd", "nanvar",
}  # fmt: skip
"""What NumPy gives as floating numbers even of integers."""


def call_dtype(name: str, arguments: Sequence[Argument], call: Value) -> tuple[Dtype, str]:
    """Dtype class and precise dtype of what a library call gives."""
    named = call.argument(_DTYPE_POSITIONS.get(name, 99), "dtype")
    if named is not None and named.value.kind is not Kind.NONE:
        return named_dtype(named.value)
    short = name.rpartition(".")[2]
    as_type, precise = dtype_class(short)
    if name.startswith("numpy.") and as_type is not Dtype.UNKNOWN:
        return as_type, precise
    if name.startswith("math."):
        return (Dtype.INTEGER, "") if short in ("floor", "ceil", "gcd", "factorial") else (Dtype.FLOATING, "float64")
    if short == "one_hot" and not name.startswith("numpy."):
        return Dtype.FLOATING, "float32"
    if name.startswith("numpy.") and (short in _FLOATING_RESULTS or name.startswith("numpy.linalg.")):
        known = _same_as_inputs(arguments)
        return known if known[0] in (Dtype.FLOATING, Dtype.COMPLEX) else (Dtype.FLOATING, "")
    if name in _CHOOSING:
        return _chosen_dtype(call)
    if short in INTEGER_DEFAULT or stop_reason(name) == "selection":
        return Dtype.INTEGER, ""
    if stop_reason(name) == "comparison":
        return Dtype.BOOL, "bool"
    if short in _FROM_CONTENT:
        positional = [a.value for a in arguments if a.keyword in (None, "value", "initial_value", "object")]
        if short == "fill" or short == "full":
            positional = positional[1:2]
        if not positional:
            return Dtype.UNKNOWN, ""
        content = positional if short in ("range", "arange") else positional[:1]
        classes = {literal_dtype(value) for value in content}
        dtype = Dtype.FLOATING if Dtype.FLOATING in classes and len(classes) > 1 else classes.pop()
        return dtype, content[0].precise_dtype or _content_precise(name, content[0], dtype)
    floating = short in FLOATING_DEFAULT
    if floating and name.startswith(("numpy.", "tensorflow.")):
        tensors = [a.value for a in arguments if a.value.is_tensor or a.value.kind is Kind.NDARRAY]
        if not tensors:
            return Dtype.FLOATING, "float64" if name.startswith("numpy.") else "float32"
    if name.startswith(("keras.layers.", "keras.losses.")):
        return Dtype.FLOATING, ""
    return _same_as_inputs(arguments)


def _chosen_dtype(call: Value) -> tuple[Dtype, str]:
    """Of a number, what is drawn is a whole one below it; of an array, one of its entries."""
    offered = call.argument(0, "x" if call.name.endswith("permutation") else "a")
    if offered is None or offered.value.kind not in (Kind.SCALAR, Kind.NDARRAY, Kind.SEQUENCE):
        return Dtype.UNKNOWN, ""
    if offered.value.kind is Kind.SCALAR:
        return Dtype.INTEGER, ""
    return literal_dtype(offered.value), offered.value.precise_dtype


def _content_precise(name: str, content: Value, dtype: Dtype) -> str:
    if dtype is not Dtype.FLOATING or content.kind not in (Kind.SCALAR, Kind.SEQUENCE):
        return ""
    return "float64" if name.startswith("numpy.") else "float32"


def _same_as_inputs(arguments: Sequence[Argument]) -> tuple[Dtype, str]:
    """Most operations keep the dtype of their tensors; beside floating ones, conditions and labels do not count."""
    given = [part for argument in arguments for part in argument.value.elements or [argument.value]]
    arrays = [value for value in given if value.is_tensor or value.kind is Kind.NDARRAY]
    floating = next((value for value in arrays if value.dtype is Dtype.FLOATING), None)
    if floating is not None:
        return Dtype.FLOATING, floating.precise_dtype
    if not arrays or any(value.dtype is Dtype.UNKNOWN and value.kind is not Kind.STRING for value in given):
        return Dtype.UNKNOWN, ""
    numbers = [value for value in arrays if value.dtype is not Dtype.BOOL]
    first = (numbers or arrays)[0]
    return first.dtype, first.precise_dtype
