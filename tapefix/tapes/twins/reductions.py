"""Functions that take away axes, and those that run along one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tapefix.tapes.twins.arguments import NOT_CONSTANT, NoTwin, Twin, is_integer, is_mask
from tapefix.tapes.twins.calls import Call, Row, rows

_OPTIONS: Final = "<, axis={axis}><, keepdims={keepdims}>"


def _masked(call: Call, fill: str) -> str | NoTwin:
    """The operand of a reduction: `{a}`, or with `where=` what that leaves of it."""
    if call.plain("where"):
        return "{a}"
    if not is_mask(call["where"]):
        return NoTwin(f"`where={call['where'].text}` is not known to be a mask")
    return f"tf.where({{where}}, {{a}}, {fill})"


def _fold(function: str, identity: str, operator: str) -> Callable[[Call], Twin | NoTwin]:
    """Write a sum or a product, with `where` and `initial`."""

    def writer(call: Call) -> Twin | NoTwin:
        operand = _masked(call, identity)
        if isinstance(operand, NoTwin):
            return operand
        pattern = f"{function}({operand}{_OPTIONS})"
        if not call.plain("initial"):
            pattern = f"({pattern} {operator} {{initial!}})"
        return call.fill(pattern, ("where", "initial"))

    return writer


def _extreme(function: str, pair: str) -> Callable[[Call], Twin | NoTwin]:
    """Write a maximum or a minimum, with `initial`."""

    def writer(call: Call) -> Twin | NoTwin:
        pattern = f"{function}({{a}}{_OPTIONS})"
        return call.fill(pattern if call.plain("initial") else f"{pair}({pattern}, {{initial}})", ("initial",))

    return writer


def _mean(call: Call) -> Twin | NoTwin:
    operand = _masked(call, "0.0")
    if isinstance(operand, NoTwin):
        return operand
    if operand == "{a}":
        return call.fill(f"tf.reduce_mean({{a}}{_OPTIONS})", ("where",))
    if not call.repeatable("a", "where", "axis", "keepdims"):
        return NoTwin("TensorFlow needs the arguments of a mean with `where=` twice; give them names first")
    count = "tf.where({where}, tf.ones_like({a}), 0.0)"
    return call.fill(f"(tf.reduce_sum({operand}{_OPTIONS}) / tf.reduce_sum({count}{_OPTIONS}))")


def _variance(deviation: bool) -> Callable[[Call], Twin | NoTwin]:
    """Write a variance or a standard deviation, of the whole (`ddof=0`) or of a sample (`ddof=1`)."""

    def writer(call: Call) -> Twin | NoTwin:
        ddof = call.constant("ddof")
        if ddof == 0 and ddof is not False:
            name = "reduce_std" if deviation else "reduce_variance"
            return call.fill(f"tf.math.{name}({{a}}{_OPTIONS})", ("ddof",))
        if ddof != 1 or ddof is True:
            return NoTwin(f"`ddof={call['ddof'].text}`: TensorFlow divides by the number of elements")
        if not call.repeatable("a", "axis", "keepdims"):
            return NoTwin("TensorFlow needs the argument twice for `ddof=1`; give it a name first")
        count = f"tf.reduce_sum(tf.ones_like({{a}}){_OPTIONS})"
        sample = f"(tf.math.reduce_variance({{a}}{_OPTIONS}) / (1 - 1 / {count}))"
        return call.fill(f"tf.sqrt{sample}" if deviation else sample, ("ddof",))

    return writer


def _median(call: Call) -> Twin | NoTwin:
    if not call.repeatable("a"):
        return NoTwin("TensorFlow needs the argument of a median several times; give it a name first")
    axis = call.constant("axis")
    if axis is None:
        middle = "[(tf.size({a}) - 1) // 2, tf.size({a}) // 2]"
        # Without `keepdims`: there is nothing to keep after the reshape.
        return call.fill(f"tf.reduce_mean(tf.gather(tf.sort(tf.reshape({{a}}, [-1])), {middle}))", ("axis",))
    if not is_integer(axis):
        return NoTwin("the axis of the median is not known")
    middle = "[(tf.shape({a})[{axis}] - 1) // 2, tf.shape({a})[{axis}] // 2]"
    picked = f"tf.gather(tf.sort({{a}}, axis={{axis}}), {middle}, axis={{axis}})"
    return call.fill(f"tf.reduce_mean({picked}, axis={{axis}}<, keepdims={{keepdims}}>)")


def _running(function: str) -> Callable[[Call], Twin | NoTwin]:
    """Write a cumulative function; without an axis NumPy runs through the flattened array."""

    def writer(call: Call) -> Twin | NoTwin:
        if call.constant("axis") is None:
            return call.fill(f"tf.{function}(tf.reshape({{a}}, [-1]))", ("axis",))
        if call.constant("axis") is NOT_CONSTANT and not call["axis"].is_number:
            return call.fill(f"tnp.{function.rpartition('.')[2]}({{a}}, axis={{axis}})")
        return call.fill(f"tf.{function}({{a}}, axis={{axis}})")

    return writer


def _trapezoid(call: Call) -> Twin | NoTwin:
    if call.constant("axis") not in (-1,):
        return NoTwin("only the last axis of `numpy.trapezoid` is in the table")
    if not call["y"].on_tape or not call.repeatable("y", "x"):
        return NoTwin("TensorFlow needs the arguments of `numpy.trapezoid` twice; give them names first")
    pairs = "({y}[..., 1:] + {y}[..., :-1])"
    if not call.plain("x"):
        if not (call["x"].on_tape or call["x"].kind == "ndarray"):
            return NoTwin("`x` of `numpy.trapezoid` is not known to be an array")
        return call.fill(f"(tf.reduce_sum({pairs} * ({{x}}[..., 1:] - {{x}}[..., :-1]), axis=-1) / 2)", ("dx", "axis"))
    if call.plain("dx"):
        return call.fill(f"(tf.reduce_sum({pairs}, axis=-1) / 2)", ("x", "dx", "axis"))
    if not call["dx"].is_number:
        return NoTwin("`dx` of `numpy.trapezoid` is not known to be a number")
    return call.fill(f"(tf.reduce_sum({pairs}, axis=-1) * {{dx!}} / 2)", ("x", "axis"))


def _rows() -> list[Row]:
    sums = "a, axis=None, dtype=None, out=None, keepdims=False, initial=..., where=True"
    extremes = "a, axis=None, out=None, keepdims=False, initial=..., where=True"
    deviations = "a, axis=None, dtype=None, out=None, ddof=0, keepdims=False, *, where=True, mean=..., correction=..."
    truths = "a, axis=None, out=None, keepdims=False, *, where=True"
    counted = ("floating", "integer", "bool")
    ordered = ("floating", "integer")
    table = [
        *rows("numpy.sum", sums, _fold("tf.reduce_sum", "0.0", "+")),
        *rows("numpy.prod", sums, _fold("tf.reduce_prod", "1.0", "*")),
        *rows("numpy.mean", "a, axis=None, dtype=None, out=None, keepdims=False, *, where=True", _mean),
        *rows("numpy.var", deviations, _variance(deviation=False)),
        *rows("numpy.std", deviations, _variance(deviation=True)),
        *rows("numpy.max numpy.amax", extremes, _extreme("tf.reduce_max", "tf.maximum"), dtypes=ordered),
        *rows("numpy.min numpy.amin", extremes, _extreme("tf.reduce_min", "tf.minimum"), dtypes=ordered),
        *rows("numpy.ptp", "a, axis=None, out=None, keepdims=False", f"tnp.ptp({{a}}{_OPTIONS})", dtypes=ordered),
        *rows("numpy.median", "a, axis=None, out=None, overwrite_input=False, keepdims=False", _median),
        *rows(
            "numpy.average",
            "a, axis=None, weights=None, returned=False, *, keepdims=False",
            "tnp.average({a}<, axis={axis}><, weights={weights}>)",
            "a weights",
        ),
        *rows("numpy.cumsum", "a, axis=None, dtype=None, out=None", _running("cumsum")),
        *rows("numpy.cumprod", "a, axis=None, dtype=None, out=None", _running("math.cumprod")),
        *rows("numpy.diff", "a, n=1, axis=-1, prepend=..., append=...", "tnp.diff({a}<, n={n}><, axis={axis}>)"),
        *rows("numpy.trapezoid numpy.trapz", "y, x=None, dx=1.0, axis=-1", _trapezoid, "y x"),
    ]
    for name in ("all", "any"):
        table += rows(f"numpy.{name}", truths, f"tnp.{name}({{a}}{_OPTIONS})", differentiable=False, dtypes=counted)
    for name in ("argmax", "argmin"):
        pattern = f"tnp.{name}({{a}}<, axis={{axis}}>)"
        shape = "a, axis=None, out=None, *, keepdims=False"
        table += rows(f"numpy.{name}", shape, pattern, differentiable=False, dtypes=ordered)
    table += rows(
        "numpy.count_nonzero",
        "a, axis=None, *, keepdims=False",
        f"tf.math.count_nonzero({{a}}{_OPTIONS})",
        differentiable=False,
        dtypes=counted,
    )
    for name in ("nansum", "nanprod", "nanmean"):
        table += rows(f"numpy.{name}", sums if name != "nanmean" else truths, f"tnp.{name}({{a}}{_OPTIONS})")
    return table


ROWS: Final = _rows()

REFUSED: Final = {
    "numpy.percentile": "TensorFlow has no percentile; `tfp.stats.percentile` interpolates if told to",
    "numpy.quantile": "TensorFlow has no quantile; `tfp.stats.quantiles` is not the same",
    "numpy.nanpercentile": "TensorFlow has no percentile",
    "numpy.nanquantile": "TensorFlow has no quantile",
    "numpy.nanmedian": "TensorFlow has no median that passes over NaN",
    "numpy.nanstd": "TensorFlow has no deviation that passes over NaN",
    "numpy.nanvar": "TensorFlow has no variance that passes over NaN",
    "numpy.nanmax": "TensorFlow has no maximum that passes over NaN",
    "numpy.nanmin": "TensorFlow has no minimum that passes over NaN",
    "numpy.nanargmax": "an index has no gradient",
    "numpy.nanargmin": "an index has no gradient",
    "numpy.nancumsum": "TensorFlow has no running sum that passes over NaN",
    "numpy.cov": "`numpy.cov` always answers in float64; write it with `tf.matmul` and the means",
    "numpy.corrcoef": "`numpy.corrcoef` always answers in float64; write it with `tf.matmul` and the means",
    "numpy.gradient": "TensorFlow has no finite differences over an array; a tape may give the derivative itself",
    "numpy.interp": "TensorFlow has no interpolation; `tfp.math.interp_regular_1d_grid` is not the same",
    "numpy.histogram": "counts have no gradient",
    "numpy.bincount": "counts have no gradient",
    "numpy.digitize": "an index has no gradient",
    "numpy.searchsorted": "an index has no gradient",
    "numpy.convolve": "`tf.nn.conv1d` does not flip the kernel and wants other axes",
    "numpy.correlate": "`tf.nn.conv1d` wants other axes",
    "numpy.ediff1d": "TensorFlow has no `ediff1d`; flatten and use `tf.experimental.numpy.diff`",
}
