"""Functions that work element by element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tapefix.tapes.twins.arguments import NoTwin, Twin, is_integer
from tapefix.tapes.twins.calls import ANY, Call, Row, rows

_TAIL: Final = "/, out=None, *, where=True, casting='same_kind', order='K', dtype=None, subok=True, signature=None"
ONE: Final = f"x, {_TAIL}"
TWO: Final = f"x1, x2, {_TAIL}"
_IGNORED: Final = "order subok"

_UNARY: Final = {
    "numpy.exp": "tf.exp",
    "numpy.exp2": "tnp.exp2",
    "numpy.expm1": "tf.math.expm1",
    "numpy.log": "tf.math.log",
    "numpy.log2": "tnp.log2",
    "numpy.log10": "tnp.log10",
    "numpy.log1p": "tf.math.log1p",
    "numpy.sqrt": "tf.sqrt",
    "numpy.cbrt": "tnp.cbrt",
    "numpy.square": "tf.square",
    "numpy.fabs": "tf.abs",
    "numpy.sin": "tf.sin",
    "numpy.cos": "tf.cos",
    "numpy.tan": "tf.tan",
    "numpy.arcsin numpy.asin": "tf.asin",
    "numpy.arccos numpy.acos": "tf.acos",
    "numpy.arctan numpy.atan": "tf.atan",
    "numpy.sinh": "tf.sinh",
    "numpy.cosh": "tf.cosh",
    "numpy.tanh": "tf.tanh",
    "numpy.arcsinh numpy.asinh": "tf.asinh",
    "numpy.arccosh numpy.acosh": "tf.acosh",
    "numpy.arctanh numpy.atanh": "tf.atanh",
    "numpy.reciprocal": "tf.math.reciprocal",
    "numpy.deg2rad numpy.radians": "tnp.deg2rad",
    "numpy.rad2deg numpy.degrees": "tnp.rad2deg",
}
"""Exact for floating tensors: NumPy turns integers into float64 first, TensorFlow refuses them."""

_UNARY_ANY: Final = {"numpy.abs numpy.absolute": "tf.abs", "numpy.negative": "tf.negative"}

_STEPS: Final = {
    "numpy.sign": "tf.sign",
    "numpy.floor": "tf.floor",
    "numpy.ceil": "tf.math.ceil",
    "numpy.rint": "tf.math.rint",
    "numpy.isnan": "tf.math.is_nan",
    "numpy.isfinite": "tf.math.is_finite",
    "numpy.isinf": "tf.math.is_inf",
    "numpy.logical_not": "tnp.logical_not",
}
"""Constant wherever they are continuous: right, and the end of a path."""


def _binary(function: str, operator: str = "", commutes: bool = False) -> Callable[[Call], Twin | NoTwin]:
    """Write a function of two operands.

    TensorFlow takes the dtype from a function's first operand and from an operator's tensor, so that a number or an
    array that stands first needs the operator, or to stand second.
    """

    def writer(call: Call) -> Twin | NoTwin:
        first = call["x1"]
        if first.on_tape:
            return call.fill(f"{function}({{x1}}, {{x2}})")
        if operator:
            return call.fill(f"({{x1!}} {operator} {{x2!}})")
        if commutes and call.repeatable("x1", "x2"):
            return call.fill(f"{function}({{x2}}, {{x1}})")
        if is_integer(first.constant):
            return call.fill(f"{function}({first.constant}.0, {{x2}})", ("x1",))
        return call.fill(f"{function}({{x1}}, {{x2}})")

    return writer


def _float_power(call: Call) -> Twin | NoTwin:
    if not call["x1"].on_tape:
        return NoTwin("the base of `numpy.float_power` is not known to be a tensor")
    call.casts.update(x1="float64", x2="float64")
    return call.fill("tf.pow({x1}, {x2})")


def write_clip(call: Call) -> Twin | NoTwin:
    """Write `clip`, as a function or a method."""
    low = next((name for name in ("a_min", "min") if call.given(name) and not call.plain(name)), "")
    high = next((name for name in ("a_max", "max") if call.given(name) and not call.plain(name)), "")
    if not (low or high):
        return NoTwin("`numpy.clip` without a bound")
    if not call["a"].on_tape:
        return NoTwin("what `numpy.clip` clips is not known to be a tensor")
    ignoring = ("a_min", "a_max", "min", "max")
    if not low:
        return call.fill(f"tf.minimum({{a}}, {{{high}}})", ignoring)
    if not high:
        return call.fill(f"tf.maximum({{a}}, {{{low}}})", ignoring)
    bounds = call.constant(low), call.constant(high)
    if isinstance(bounds[0], int | float) and isinstance(bounds[1], int | float) and bounds[0] <= bounds[1]:
        return call.fill(f"tf.clip_by_value({{a}}, {{{low}}}, {{{high}}})", ignoring)
    # tf.clip_by_value cuts in the other order, which tells when the bounds cross, and does not broadcast upwards.
    return call.fill(f"tf.minimum(tf.maximum({{a}}, {{{low}}}), {{{high}}})", ignoring)


def _nan_to_num(call: Call) -> Twin | NoTwin:
    if not call.repeatable("x"):
        return NoTwin("TensorFlow needs the argument of `numpy.nan_to_num` several times; give it a name first")
    finite = "tf.where(tf.math.is_nan({x}), tf.zeros_like({x}), {x})"
    return call.fill(f"tf.clip_by_value({finite}, {{x}}.dtype.min, {{x}}.dtype.max)", ("copy",))


def _round(call: Call) -> Twin | NoTwin:
    return call.fill("tf.round({a})")


def _rows() -> list[Row]:
    table: list[Row] = []
    for names, function in _UNARY.items():
        table += rows(names, ONE, f"{function}({{x}})", ignored=_IGNORED)
    for names, function in _UNARY_ANY.items():
        table += rows(names, ONE, f"{function}({{x}})", dtypes=("floating", "integer"), ignored=_IGNORED)
    for names, function in _STEPS.items():
        table += rows(names, ONE, f"{function}({{x}})", differentiable=False, ignored=_IGNORED)
    for names, function, operator in (
        ("numpy.add", "tf.add", "+"),
        ("numpy.subtract", "tf.subtract", "-"),
        ("numpy.multiply", "tf.multiply", "*"),
        ("numpy.divide numpy.true_divide", "tf.divide", "/"),
        ("numpy.power numpy.pow", "tf.pow", "**"),
        ("numpy.mod numpy.remainder", "tf.math.floormod", "%"),
        ("numpy.arctan2 numpy.atan2", "tf.atan2", ""),
    ):
        table += rows(names, TWO, _binary(function, operator), ignored=_IGNORED)
    for names, function in (("numpy.maximum", "tf.maximum"), ("numpy.minimum", "tf.minimum")):
        table += rows(names, TWO, _binary(function, commutes=True), ignored=_IGNORED)
    for names, function in (
        ("numpy.hypot", "tnp.hypot"),
        ("numpy.logaddexp", "tnp.logaddexp"),
        ("numpy.logaddexp2", "tnp.logaddexp2"),
    ):
        table += rows(names, TWO, f"{function}({{x1}}, {{x2}})", every=True, ignored=_IGNORED)
    for names, function, operator in (
        ("numpy.floor_divide", "tf.math.floordiv", "//"),
        ("numpy.greater", "tf.greater", ">"),
        ("numpy.greater_equal", "tf.greater_equal", ">="),
        ("numpy.less", "tf.less", "<"),
        ("numpy.less_equal", "tf.less_equal", "<="),
        ("numpy.equal", "tf.equal", "=="),
        ("numpy.not_equal", "tf.not_equal", "!="),
    ):
        # Between the braces of a pattern `<` opens a section: the comparison is spelled as a function there.
        spelled = "" if "<" in operator or ">" in operator else operator
        table += rows(names, TWO, _binary(function, spelled), differentiable=False, ignored=_IGNORED)
    for name in ("logical_and", "logical_or", "logical_xor"):
        pattern = f"tnp.{name}({{x1}}, {{x2}})"
        table += rows(f"numpy.{name}", TWO, pattern, differentiable=False, dtypes=ANY, every=True, ignored=_IGNORED)
    table += rows("numpy.heaviside", TWO, "tnp.heaviside({x1}, {x2})", differentiable=False, every=True)
    table += rows("numpy.float_power", TWO, _float_power, ignored=_IGNORED)
    table += rows(
        "numpy.clip", "a, a_min=None, a_max=None, out=None, *, min=None, max=None", write_clip, "a a_min a_max min max"
    )
    table += rows("numpy.nan_to_num", "x, copy=True, nan=0.0, posinf=None, neginf=None", _nan_to_num)
    table += rows("numpy.round numpy.around", "a, decimals=0, out=None", _round, differentiable=False)
    table += rows("numpy.fix", "x, out=None", "tnp.fix({x})", differentiable=False)
    table += rows("numpy.sinc", "x", "tnp.sinc({x})")
    table += rows("numpy.i0", "x", "tf.math.bessel_i0({x})")
    table += rows("numpy.real", "val", "tf.math.real({val})", dtypes=("floating", "complex"))
    table += rows("numpy.imag", "val", "tf.math.imag({val})", differentiable=False, dtypes=("floating", "complex"))
    table += rows("numpy.conj numpy.conjugate", ONE, "tf.math.conj({x})", dtypes=("floating", "complex"))
    return table


ROWS: Final = _rows()

REFUSED: Final = {
    "numpy.fmax": "`numpy.fmax` passes over NaN, `tf.maximum` hands it on",
    "numpy.fmin": "`numpy.fmin` passes over NaN, `tf.minimum` hands it on",
    "numpy.fmod": "`tf.truncatemod` has no gradient; `%` has one, with the sign of the divisor",
    "numpy.trunc": "cutting off decimals has no gradient",
    "numpy.signbit": "a sign has no gradient",
    "numpy.copysign": "TensorFlow has no `copysign`",
    "numpy.nextafter": "the next number has no gradient",
    "numpy.ldexp": "TensorFlow has no `ldexp`",
    "numpy.frexp": "TensorFlow has no `frexp`",
    "numpy.modf": "TensorFlow has no `modf`",
    "numpy.divmod": "TensorFlow has no `divmod`; write `//` and `%`",
    "numpy.unwrap": "TensorFlow has no `unwrap`",
    "numpy.angle": "of a real tensor the angle is a step, with no gradient",
    "numpy.allclose": "a comparison ends the path",
    "numpy.isclose": "a comparison ends the path",
    "numpy.array_equal": "a comparison ends the path",
    "numpy.vectorize": "TensorFlow cannot look into the function; use `tf.map_fn` or write it with `tf` operations",
}
