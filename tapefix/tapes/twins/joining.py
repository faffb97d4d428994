"""Functions that make one array of several, or of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tapefix.tapes.twins.arguments import Argument, NoTwin, Twin, float_dtype
from tapefix.tapes.twins.calls import ANY, Call, Row, rows
from tapefix.tapes.twins.shapes import shape_pattern


def _concatenate(call: Call) -> Twin | NoTwin:
    if not call["arrays"].is_sequence:
        return NoTwin("the first argument of `numpy.concatenate` is not known to be a list, as `tf.concat` needs")
    axis = call.given("axis")
    if axis is None:
        return call.fill("tf.concat({arrays}, axis=0)")
    if not axis.is_number:
        return NoTwin("the axis of `numpy.concatenate` is not known to be a number")
    return call.fill("tf.concat({arrays}, axis={axis})")


def _stack(call: Call) -> Twin | NoTwin:
    if not call["arrays"].is_sequence:
        return NoTwin("the first argument of `numpy.stack` is not known to be a list, as `tf.stack` needs")
    return call.fill("tf.stack({arrays}<, axis={axis}>)")


def _column_stack(call: Call) -> Twin | NoTwin:
    if call["tup"].parts and all(part.rank == 1 for part in call["tup"].parts):
        return call.fill("tf.stack({tup}, axis=1)")
    return NoTwin("`numpy.column_stack` of anything but vectors has no twin, and the ranks are not known here")


def _depth(argument: Argument) -> int:
    return 1 + max((_depth(part) for part in argument.parts), default=0) if argument.parts else 0


def _array(call: Call) -> Twin | NoTwin:
    """Write `numpy.array` and its kin: the tensor itself, or the tensors of a list made one."""
    value = call[call.row.arrays[0]]
    name, bare = "{" + call.row.arrays[0] + "}", "{" + call.row.arrays[0] + "!}"
    ignoring = ("copy", "order", "subok", "dtype", "device")
    if not call.plain("order") and call.constant("order") not in ("C", "K", "A"):
        return NoTwin(f"`order={call['order'].text}`: tensors have one order")
    if value.on_tape:
        made = name if value.kind == "tensor" else f"tf.convert_to_tensor({name})"
    elif value.is_sequence:
        # A flat list is stacked; a nested one has to be packed level by level, which the conversion does.
        made = f"tf.stack({name})" if _depth(value) <= 1 else f"tf.convert_to_tensor({name})"
    else:
        return NoTwin(f"`{value.text}` is not known to be a tensor or a list of tensors")
    if call.plain("dtype"):
        if made == name:
            made = bare
        return call.fill(made, ignoring)
    wanted = float_dtype(call["dtype"])
    if wanted is None:
        return NoTwin(f"`dtype={call['dtype'].text}` is no floating dtype, or not known here")
    if value.on_tape and value.dtype == wanted:
        return call.fill(made if made != name else bare, ignoring)
    return call.fill(f"tf.cast({name if value.on_tape else made}, tf.{wanted})", ignoring)


def _scalar_type(dtype: str) -> list[Row]:
    return rows(
        f"numpy.{dtype}", "x, /", f"tf.cast({{x}}, tf.{float_dtype(Argument(dtype))})", dtypes=ANY - {"complex"}
    )


def _full_like(call: Call) -> Twin | NoTwin:
    twin = call.fill("tnp.full_like({a}, {fill_value})")
    # Of the first argument only the shape is read.
    return replace(twin, differentiable=call["fill_value"].on_tape) if isinstance(twin, Twin) else twin


def _full(call: Call) -> Twin | NoTwin:
    if call["fill_value"].rank != 0:
        return NoTwin("`tf.fill` wants one number, and the rank of the value is not known here")
    return call.fill(
        shape_pattern(call["shape"], "shape", "tf.fill(SHAPE, {fill_value})", "tnp.full(SHAPE, {fill_value})")
    )


def _meshgrid(call: Call) -> Twin | NoTwin:
    if call.constant("indexing") not in ("xy", "ij"):
        return NoTwin("`indexing=` of `numpy.meshgrid` is not known")
    return call.fill("tf.meshgrid({*xi}<, indexing={indexing}>)")


def _rows() -> list[Row]:
    table: list[Row] = []
    joined = "arrays, axis=0, out=None, *, dtype=None, casting='same_kind'"
    table += rows("numpy.concatenate numpy.concat", joined, _concatenate, sequences=True, dtypes=ANY)
    table += rows("numpy.stack", joined, _stack, sequences=True, dtypes=ANY)
    for name in ("vstack", "hstack", "dstack"):
        shape = "tup, *, dtype=None, casting='same_kind'"
        table += rows(f"numpy.{name}", shape, f"tnp.{name}({{tup}})", sequences=True, dtypes=ANY)
    table += rows("numpy.column_stack", "tup", _column_stack, sequences=True, dtypes=ANY)
    table += rows("numpy.append", "arr, values, axis=None", "tnp.append({arr}, {values}<, axis={axis}>)", dtypes=ANY)
    array = "object, dtype=None, *, copy=True, order='K', subok=False, ndmin=0, like=None"
    table += rows("numpy.array", array, _array, sequences=True, dtypes=ANY)
    asarray = "a, dtype=None, order=None, *, device=None, copy=None, like=None"
    table += rows("numpy.asarray numpy.asanyarray", asarray, _array, sequences=True, dtypes=ANY)
    contiguous = "a, dtype=None, *, like=None"
    table += rows("numpy.ascontiguousarray", contiguous, _array, sequences=True, dtypes=ANY)
    table += rows("numpy.copy", "a, order='K', subok=False", "tf.identity({a})", dtypes=ANY)
    for dtype in ("float16", "float32", "float64", "half", "single", "double"):
        table += _scalar_type(dtype)
    like = "a, dtype=None, order='K', subok=True, shape=None"
    for name in ("zeros_like", "ones_like"):
        table += rows(
            f"numpy.{name}", like, f"tf.{name}({{a}})", differentiable=False, dtypes=ANY, ignored="order subok"
        )
    full_like = "a, fill_value, dtype=None, order='K', subok=True, shape=None"
    table += rows("numpy.full_like", full_like, _full_like, ignored="order subok")
    table += rows("numpy.full", "shape, fill_value, dtype=None, order='C'", _full, "fill_value")
    table += rows(
        "numpy.linspace",
        "start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0",
        "tnp.linspace({start}, {stop}<, num={num}><, endpoint={endpoint}>)",
    )
    table += rows("numpy.meshgrid", "*xi, copy=True, sparse=False, indexing='xy'", _meshgrid, every=True)
    return table


ROWS: Final = _rows()

REFUSED: Final = {
    "numpy.block": "TensorFlow has no `block`; join the rows with `tf.concat`",
    "numpy.fromiter": "an iterator leaves the tape; use `tf.stack` of a list",
    "numpy.select": "TensorFlow has no `select` of the same dtypes; nest `tf.where`",
    "numpy.piecewise": "TensorFlow cannot look into the functions; nest `tf.where`",
    "numpy.empty_like": "values that are not set have no gradient",
    "numpy.asmatrix": "TensorFlow has no matrix class",
    "numpy.matrix": "TensorFlow has no matrix class",
    "numpy.r_": "use `tf.concat`",
    "numpy.c_": "use `tf.stack`",
    **{f"numpy.int{bits}": "a whole number has no gradient" for bits in (8, 16, 32, 64)},
    **{f"numpy.uint{bits}": "a whole number has no gradient" for bits in (8, 16, 32, 64)},
    "numpy.bool_": "a truth value has no gradient",
}
