"""The methods and attributes of an array."""

from __future__ import annotations

import ast
from typing import Final

from tapefix.tapes.twins.arguments import Argument, NoTwin, Twin, float_dtype, is_integer, parsed
from tapefix.tapes.twins.calls import ANY, Call, Row, rows
from tapefix.tapes.twins.elementwise import write_clip

LIKE_FUNCTION: Final = (
    "all",
    "any",
    "argmax",
    "argmin",
    "argsort",
    "conj",
    "conjugate",
    "cumprod",
    "cumsum",
    "diagonal",
    "dot",
    "max",
    "mean",
    "min",
    "prod",
    "ptp",
    "ravel",
    "repeat",
    "round",
    "squeeze",
    "std",
    "sum",
    "swapaxes",
    "take",
    "trace",
    "var",
)
"""Methods that take what `numpy.<name>` takes after the array, in the same order."""

SAME: Final = {"shape"}
"""What a tensor has under the same name, with the same meaning."""


def _rest(call: Call) -> list[Argument]:
    return [call.arguments[position] for position in call.bound.rest]


def _reshape(call: Call) -> Twin | NoTwin:
    lengths = _rest(call)
    if not lengths:
        return NoTwin("`reshape` without a shape")
    if len(lengths) > 1 or lengths[0].is_number:
        return call.fill("tf.reshape({a}, [{*shape}])", ("copy",))
    return call.fill(("tf" if lengths[0].is_sequence else "tnp") + ".reshape({a}, {*shape})", ("copy",))


def _transpose(call: Call) -> Twin | NoTwin:
    axes = _rest(call)
    if not axes or (len(axes) == 1 and axes[0].constant is None):
        return call.fill("tf.transpose({a})")
    one = len(axes) == 1 and not axes[0].is_number
    listed = axes[0].constant if one else [axis.constant for axis in axes]
    text = "{*axes}" if one else "[{*axes}]"
    if not (isinstance(listed, tuple | list) and all(map(is_integer, listed))):
        return call.fill(f"tnp.transpose({{a}}, {text})")
    if min(listed) < 0:
        # The gradient of tf.transpose refuses negative axes.
        text = str([axis % len(listed) for axis in listed])
    return call.fill(f"tf.transpose({{a}}, {text})")


def _astype(call: Call) -> Twin | NoTwin:
    node = parsed(call["dtype"].text)
    wanted = float_dtype(call["dtype"])
    ignoring = ("dtype", "copy", "casting")
    if wanted is not None:
        same = call["a"].kind == "tensor" and call["a"].dtype == wanted
        return call.fill("{a!}" if same else f"tf.cast({{a}}, tf.{wanted})", ignoring)
    if isinstance(node, ast.Attribute) and node.attr == "dtype":
        return call.fill("tf.cast({a}, {dtype})", ("copy", "casting"))
    return NoTwin(f"`{call['dtype'].text}` is no floating dtype, or not known here")


def _item(call: Call) -> Twin | NoTwin:
    index = _rest(call)
    if not index:
        return call.fill("{a!}" if call["a"].rank == 0 and call["a"].kind == "tensor" else "tf.reshape({a}, [])")
    if len(index) == 1 and index[0].is_number:
        return call.fill("tf.reshape({a}, [-1])[{*args}]")
    return NoTwin("the index of `item` is not known to be one number")


def _tolist(call: Call) -> Twin | NoTwin:
    if call["a"].rank == 0:
        return call.fill("{a!}" if call["a"].kind == "tensor" else "tf.convert_to_tensor({a})")
    if call["a"].rank == 1:
        return call.fill("tf.unstack({a})")
    return NoTwin("a list of lists has no twin, and the rank is not known here; keep the tensor")


def _rows() -> list[Row]:
    table: list[Row] = []
    for name, parameters, pattern in (
        ("flatten", "a, order='C'", "tf.reshape({a}, [-1])"),
        ("copy", "a, order='C'", "tf.identity({a})"),
        ("compress", "a, condition, axis=None, out=None", "tnp.compress({condition}, {a}<, axis={axis}>)"),
    ):
        table += rows(name, parameters, pattern, "a", dtypes=ANY)
    table += rows("reshape", "a, *shape, order='C', copy=None", _reshape, "a", dtypes=ANY)
    table += rows("transpose", "a, *axes", _transpose, "a", dtypes=ANY)
    table += rows("astype", "a, dtype, order='K', casting='unsafe', subok=True, copy=True", _astype, "a", dtypes=ANY)
    table += rows("item", "a, *args", _item, "a", dtypes=ANY)
    table += rows("tolist", "a", _tolist, "a", dtypes=ANY)
    table += rows("clip", "a, min=None, max=None, out=None", write_clip, "a min max")
    return table


def _attributes() -> list[Row]:
    table: list[Row] = []
    for name, pattern in (
        ("T", "tf.transpose({a})"),
        ("mT", "tf.linalg.matrix_transpose({a})"),
        ("real", "tf.math.real({a})"),
        ("imag", "tf.math.imag({a})"),
        ("size", "{a!}.shape.num_elements()"),
        ("dtype", "{a!}.dtype.as_numpy_dtype"),
        ("ndim", "{a!}.shape.rank"),
    ):
        ends = name in ("size", "dtype", "ndim", "imag")
        table += rows(name, "a", pattern, "a", dtypes=ANY, differentiable=not ends)
    return table


ROWS: Final = _rows()
ATTRIBUTES: Final = _attributes()

_IN_PLACE: Final = "tensors cannot be changed in place"

REFUSED: Final = {
    **dict.fromkeys(
        ("sort", "fill", "put", "partition", "resize", "itemset", "setfield", "byteswap", "setflags"), _IN_PLACE
    ),
    "nonzero": "indices have no gradient",
    "searchsorted": "an index has no gradient",
    "argpartition": "an index has no gradient",
    "choose": "TensorFlow has no `choose`; `tf.where` or `tf.gather` may say it",
    "view": "another reading of the same bytes has no gradient",
    "tobytes": "bytes have no gradient",
    "tofile": "a file has no gradient",
    "dump": "a file has no gradient",
    "dumps": "bytes have no gradient",
    "flat": "TensorFlow has no flat iterator; reshape to `[-1]`",
    "strides": "tensors have no strides",
    "nbytes": "tensors do not tell their bytes",
    "itemsize": "tensors do not tell their bytes",
    "data": "tensors have no buffer",
    "base": "tensors have no views",
    "flags": "tensors have no flags",
    "ctypes": "tensors have no pointer",
}
