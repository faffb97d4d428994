"""Functions that move values about: shapes, axes, order, picking."""

from __future__ import annotations

from typing import Final

from tapefix.tapes.twins.arguments import Argument, NoTwin, Twin, is_integer, is_mask
from tapefix.tapes.twins.calls import ANY, Call, Row, rows


def _integers(value: object) -> list[int] | None:
    """The whole numbers of a literal tuple or list."""
    if isinstance(value, tuple | list) and all(map(is_integer, value)):
        return list(value)
    return None


def shape_pattern(argument: Argument, name: str, one: str, any_: str) -> str:
    """`one` with the shape as a list; `any_` when it may be a number as well as a tuple."""
    if argument.is_sequence:
        return one.replace("SHAPE", f"{{{name}}}")
    if argument.is_number:
        return one.replace("SHAPE", f"[{{{name}}}]")
    return any_.replace("SHAPE", f"{{{name}}}")


def _reshape(call: Call) -> Twin | NoTwin:
    name = "newshape" if call.given("newshape") else "shape"
    if call.given(name) is None:
        return NoTwin("`numpy.reshape` without a shape")
    pattern = shape_pattern(call[name], name, "tf.reshape({a}, SHAPE)", "tnp.reshape({a}, SHAPE)")
    return call.fill(pattern, ("copy",))


def _transpose(call: Call) -> Twin | NoTwin:
    if call.plain("axes"):
        return call.fill("tf.transpose({a})", ("axes",))
    axes = _integers(call.constant("axes"))
    if axes is None:
        return call.fill("tnp.transpose({a}, {axes})")
    if min(axes, default=0) >= 0:
        return call.fill("tf.transpose({a}, {axes})")
    # The gradient of tf.transpose refuses negative axes.
    return call.fill(f"tf.transpose({{a}}, {[axis % len(axes) for axis in axes]})", ("axes",))


def _expand_dims(call: Call) -> Twin | NoTwin:
    axes = _integers(call.constant("axis"))
    if axes is not None and axes and min(axes) >= 0:
        pattern = "{a}"
        for axis in sorted(axes):
            pattern = f"tf.expand_dims({pattern}, {axis})"
        return call.fill(pattern, ("axis",))
    if call["axis"].is_number:
        return call.fill("tf.expand_dims({a}, {axis})")
    return NoTwin("the axis of `numpy.expand_dims` is not known")


def _rollaxis(call: Call) -> Twin | NoTwin:
    return call.fill("tnp.moveaxis({a}, {axis}, 0)")


def _pad(call: Call) -> Twin | NoTwin:
    mode = call.constant("mode")
    if mode not in ("constant", "reflect", "symmetric"):
        return NoTwin(f"the mode {mode!r} of `numpy.pad` is not in TensorFlow")
    if mode != "constant" and not call.plain("constant_values"):
        return NoTwin("`constant_values` has no meaning in this mode of `numpy.pad`")
    if not call.plain("constant_values") and not call["constant_values"].is_number:
        return NoTwin("`constant_values` of `numpy.pad` is not known to be one number")
    widths, rank = call["pad_width"], call["array"].rank
    pairs = [len(part.parts) == 2 for part in widths.parts]
    if pairs and all(pairs) and (len(pairs) > 1 or rank == 1):
        padding = "{pad_width}"
    elif rank == 1 and len(widths.parts) == 2 and all(part.is_number for part in widths.parts):
        padding = "[{pad_width}]"
    elif is_integer(widths.constant) and rank:
        padding = "[" + ", ".join(["[{pad_width}, {pad_width}]"] * rank) + "]"
    else:
        return NoTwin("`tf.pad` wants a pair for each axis; the pairs or the rank are not known here")
    tail = "<, mode={mode}><, constant_values={constant_values}>"
    return call.fill(f"tf.pad({{array}}, {padding}{tail})")


def _roll(call: Call) -> Twin | NoTwin:
    shift, axis = call["shift"], call.given("axis")
    if axis is None or axis.constant is None:
        return call.fill("tnp.roll({a}, {shift})", ("axis",))
    both = _integers(shift.constant), _integers(axis.constant)
    if (shift.is_number and axis.is_number) or (None not in both and len(both[0] or []) == len(both[1] or [])):
        return call.fill("tf.roll({a}, {shift}, axis={axis})")
    return NoTwin("`tf.roll` wants as many shifts as axes, and they are not known here")


def _flip(call: Call) -> Twin | NoTwin:
    if _integers(call.constant("axis")) is not None:
        return call.fill("tf.reverse({m}, axis={axis})")
    if call.plain("axis") or call["axis"].is_number:
        return call.fill("tnp.flip({m}<, axis={axis}>)")
    return NoTwin("the axis of `numpy.flip` is not known")


def _split(call: Call) -> Twin | NoTwin:
    sections = call["indices_or_sections"]
    if sections.is_number:
        return call.fill("tf.split({ary}, {indices_or_sections}<, axis={axis}>)")
    if sections.is_sequence:
        return call.fill("tnp.split({ary}, {indices_or_sections}<, axis={axis}>)")
    return NoTwin("the sections of `numpy.split` are not known")


def _broadcast_to(call: Call) -> Twin | NoTwin:
    pattern = shape_pattern(
        call["shape"], "shape", "tf.broadcast_to({array}, SHAPE)", "tnp.broadcast_to({array}, SHAPE)"
    )
    return call.fill(pattern)


def _take(call: Call) -> Twin | NoTwin:
    if call.constant("mode") not in ("raise", "wrap"):
        return NoTwin(f"`mode={call['mode'].text}` of `numpy.take` has no exact twin in TensorFlow")
    picked = call.constant("indices")
    listed = _integers((picked,)) or _integers(picked) or [-1]
    plain = min(listed) >= 0 and call.plain("mode")
    if plain and call.constant("axis") is None:
        return call.fill("tf.gather(tf.reshape({a}, [-1]), {indices})", ("axis", "mode"))
    if plain and call["axis"].is_number:
        return call.fill("tf.gather({a}, {indices}, axis={axis})", ("mode",))
    # tf.gather takes no negative index; with "wrap" an index within bounds means what NumPy means.
    return call.fill('tnp.take({a}, {indices}<, axis={axis}>, mode="wrap")', ("mode",))


def _where(call: Call) -> Twin | NoTwin:
    if call.given("x") is None or call.given("y") is None:
        return NoTwin("`numpy.where` of a condition alone gives indices, which have no gradient")
    condition = "{condition}"
    if call["condition"].on_tape and not is_mask(call["condition"]):
        condition = "tf.cast({condition}, tf.bool)"
    if is_integer(call["x"].constant):
        # The first value gives the dtype when a graph is built.
        return call.fill(f"tf.where({condition}, {call['x'].constant}.0, {{y}})", ("x",))
    return call.fill(f"tf.where({condition}, {{x}}, {{y}})")


def _sort(call: Call) -> Twin | NoTwin:
    if call.constant("axis") is None:
        return call.fill("tf.sort(tf.reshape({a}, [-1]))", ("axis",))
    if call.given("axis") is not None and not call["axis"].is_number:
        return NoTwin("the axis of `numpy.sort` is not known")
    return call.fill("tf.sort({a}<, axis={axis}>)")


def _rows() -> list[Row]:
    table: list[Row] = []
    for names, parameters, pattern in (
        ("ravel", "a, order='C'", "tf.reshape({a}, [-1])"),
        ("squeeze", "a, axis=None", "tf.squeeze({a}<, axis={axis}>)"),
        ("moveaxis", "a, source, destination", "tnp.moveaxis({a}, {source}, {destination})"),
        ("swapaxes", "a, axis1, axis2", "tnp.swapaxes({a}, {axis1}, {axis2})"),
        ("matrix_transpose", "x, /", "tf.linalg.matrix_transpose({x})"),
        ("tile", "A, reps", "tnp.tile({A}, {reps})"),
        ("repeat", "a, repeats, axis=None", "tf.repeat({a}, {repeats}<, axis={axis}>)"),
        ("fliplr", "m", "tnp.fliplr({m})"),
        ("flipud", "m", "tnp.flipud({m})"),
        ("rot90", "m, k=1, axes=(0, 1)", "tnp.rot90({m}<, k={k}><, axes={axes}>)"),
        ("vsplit", "ary, indices_or_sections", "tnp.vsplit({ary}, {indices_or_sections})"),
        ("hsplit", "ary, indices_or_sections", "tnp.hsplit({ary}, {indices_or_sections})"),
        ("dsplit", "ary, indices_or_sections", "tnp.dsplit({ary}, {indices_or_sections})"),
        ("atleast_1d", "a", "tnp.atleast_1d({a})"),
        ("atleast_2d", "a", "tnp.atleast_2d({a})"),
        ("atleast_3d", "a", "tnp.atleast_3d({a})"),
        ("diag", "v, k=0", "tnp.diag({v}<, k={k}>)"),
        ("diagflat", "v, k=0", "tnp.diagflat({v}<, k={k}>)"),
        (
            "diagonal",
            "a, offset=0, axis1=0, axis2=1",
            "tnp.diagonal({a}<, offset={offset}><, axis1={axis1}><, axis2={axis2}>)",
        ),
        ("tril", "m, k=0", "tnp.tril({m}<, k={k}>)"),
        ("triu", "m, k=0", "tnp.triu({m}<, k={k}>)"),
        ("compress", "condition, a, axis=None, out=None", "tnp.compress({condition}, {a}<, axis={axis}>)"),
        ("take_along_axis", "arr, indices, axis=-1", "tnp.take_along_axis({arr}, {indices}, {axis})"),
    ):
        first = parameters.split(",")[0] if names != "compress" else "a"
        table += rows(f"numpy.{names}", parameters, pattern, first, dtypes=ANY)
    table += rows("numpy.reshape", "a, /, shape=..., order='C', *, newshape=..., copy=None", _reshape, "a", dtypes=ANY)
    table += rows("numpy.transpose numpy.permute_dims", "a, axes=None", _transpose, "a", dtypes=ANY)
    table += rows("numpy.expand_dims", "a, axis", _expand_dims, "a", dtypes=ANY)
    table += rows("numpy.rollaxis", "a, axis, start=0", _rollaxis, "a", dtypes=ANY)
    padding = "array, pad_width, mode='constant', *, constant_values=0, reflect_type='even'"
    table += rows("numpy.pad", padding, _pad, "array")
    table += rows("numpy.roll", "a, shift, axis=None", _roll, "a", dtypes=ANY)
    table += rows("numpy.flip", "m, axis=None", _flip, "m", dtypes=ANY)
    table += rows("numpy.split", "ary, indices_or_sections, axis=0", _split, "ary", dtypes=ANY)
    table += rows("numpy.broadcast_to", "array, shape, subok=False", _broadcast_to, "array", dtypes=ANY)
    table += rows("numpy.take", "a, indices, axis=None, out=None, mode='raise'", _take, "a", dtypes=ANY)
    table += rows("numpy.where", "condition, x=..., y=..., /", _where, "x y")
    sorting = "a, axis=-1, kind=None, order=None, *, stable=None"
    table += rows("numpy.sort", sorting, _sort, ignored="kind stable")
    ordering = "tnp.argsort({a}<, axis={axis}>)"
    table += rows("numpy.argsort", sorting, ordering, differentiable=False, ignored="kind stable")
    return table


ROWS: Final = _rows()

REFUSED: Final = {
    "numpy.array_split": "`tf.split` wants sections of one size, or their sizes",
    "numpy.choose": "TensorFlow has no `choose`; `tf.where` or `tf.gather` may say it",
    "numpy.unique": "TensorFlow's `unique` keeps the order of the values and has no gradient",
    "numpy.nonzero": "indices have no gradient",
    "numpy.argwhere": "indices have no gradient",
    "numpy.flatnonzero": "indices have no gradient",
    "numpy.lexsort": "indices have no gradient",
    "numpy.partition": "TensorFlow has no partition; `tf.sort` or `tf.math.top_k` may say it",
    "numpy.argpartition": "an index has no gradient",
    "numpy.insert": "TensorFlow has no `insert`; join the pieces with `tf.concat`",
    "numpy.delete": "TensorFlow has no `delete`; use `tf.boolean_mask`",
    "numpy.extract": "use `tf.boolean_mask`",
    "numpy.place": "tensors cannot be changed in place; use `tf.where`",
    "numpy.put": "tensors cannot be changed in place; use `tf.tensor_scatter_nd_update`",
    "numpy.putmask": "tensors cannot be changed in place; use `tf.where`",
    "numpy.copyto": "tensors cannot be changed in place",
    "numpy.fill_diagonal": "tensors cannot be changed in place; use `tf.linalg.set_diag`",
    "numpy.resize": "TensorFlow does not repeat values to fill a shape",
    "numpy.apply_along_axis": "TensorFlow cannot look into the function; use `tf.map_fn`",
    "numpy.broadcast_arrays": "use `tf.broadcast_to` for each",
    "numpy.nditer": "walking over elements leaves the tape",
    "numpy.ndenumerate": "walking over elements leaves the tape",
}
