"""SciPy's normal distribution and distances between vectors, written out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from tapefix.tapes.twins.arguments import NoTwin, Twin, is_number, parsed
from tapefix.tapes.twins.calls import Call, Row, rows

_LOG_ROOT_2_PI: Final = math.log(math.tau) / 2
_WIDE: Final = "SciPy answers in float64; TensorFlow keeps the tensor's dtype"
_BESIDE: Final = "the scale of `{}` is no tensor, and `tf.math.log` would give it a dtype of its own"


def _standardized(call: Call, operand: bool = False) -> str:
    """Write the argument with the location taken off, over the scale; `operand` of a product, or all by itself."""
    scaled = not call.plain("scale")
    if call.plain("loc"):
        return "{x!} / {scale!}" if scaled else "{x!}" if operand else "{x}"
    shifted = "({x!} - {loc!})" if scaled or operand else "{x!} - {loc!}"
    return f"{shifted} / {{scale!}}" if scaled else shifted


def _scale(call: Call) -> float | None:
    """The scale, where it is written as a number."""
    value = call.constant("scale")
    argument = call.given("scale")
    # A name that holds a number stays a name.
    written = argument is None or type(parsed(argument.text)).__name__ in ("Constant", "UnaryOp")
    return float(value) if is_number(value) and isinstance(value, int | float) and written and value > 0 else None


def _of_normal(pattern: Callable[[Call], str | NoTwin]) -> Callable[[Call], Twin | NoTwin]:
    """Write a function of the normal distribution."""

    def writer(call: Call) -> Twin | NoTwin:
        if not call.repeatable("scale"):
            return NoTwin(f"TensorFlow needs the scale of `{call.row.name}` twice; give it a name first")
        if call["x"].is_sequence and not (call.given("loc") and call["loc"].on_tape):
            return NoTwin(f"the argument of `{call.row.name}` is a list")
        text = pattern(call)
        return text if isinstance(text, NoTwin) else call.fill(text, ("loc", "scale"), _WIDE)

    return writer


def _density(call: Call) -> str | NoTwin:
    scale = "2.5066282746310002" if call.plain("scale") else "({scale!} * 2.5066282746310002)"
    return f"(tf.exp(-tf.square({_standardized(call)}) / 2) / {scale})"


def _log_density(call: Call) -> str | NoTwin:
    scale, known = call.given("scale"), _scale(call)
    start = f"(-tf.square({_standardized(call)}) / 2"
    if known is not None:
        return f"{start} - {_LOG_ROOT_2_PI + math.log(known)!r})"
    dtypes = {argument.dtype for argument in call.operands() if argument.on_tape}
    if scale is not None and (scale.on_tape or (scale.is_number and dtypes == {"float32"})):
        return f"{start} - tf.math.log({{scale}}) - {_LOG_ROOT_2_PI!r})"
    return NoTwin(_BESIDE.format(call.row.name))


def _tail(sign: str) -> Callable[[Call], str | NoTwin]:
    return lambda call: f"(tf.math.erfc({_standardized(call, operand=True)} * {sign}0.7071067811865476) / 2)"


def _quantile(call: Call) -> Twin | NoTwin:
    if not call["q"].on_tape:
        return NoTwin(f"the argument of `{call.row.name}` is not known to be a tensor")
    scaled = "" if call.plain("scale") else " * {scale!}"
    shifted = "" if call.plain("loc") else " + {loc!}"
    text = f"tf.math.ndtri({{q}}){scaled}{shifted}"
    return call.fill(f"({text})" if scaled or shifted else text, ("loc", "scale"), _WIDE)


def _distance(pattern: str) -> Callable[[Call], Twin | NoTwin]:
    return lambda call: call.fill(pattern, note=_WIDE)


def _angle(call: Call) -> Twin | NoTwin:
    if not call.repeatable("u", "v"):
        return NoTwin(f"TensorFlow needs the arguments of `{call.row.name}` several times; give them names first")
    return call.fill("(1 - tf.reduce_sum({u!} * {v!}) / (tf.norm({u}) * tf.norm({v})))", note=_WIDE)


def _rows() -> list[Row]:
    table: list[Row] = []
    for name, pattern in (
        ("pdf", _density),
        ("logpdf", _log_density),
        ("cdf", _tail("-")),
        ("sf", _tail("")),
    ):
        table += rows(f"scipy.stats.norm.{name}", "x, loc=0, scale=1", _of_normal(pattern), "x loc scale")
    table += rows("scipy.stats.norm.ppf", "q, loc=0, scale=1", _quantile, "q loc scale")
    for name, text in (
        ("euclidean", "tf.norm({u!} - {v!})"),
        ("sqeuclidean", "tf.reduce_sum(tf.square({u!} - {v!}))"),
        ("cityblock", "tf.reduce_sum(tf.abs({u!} - {v!}))"),
    ):
        table += rows(f"scipy.spatial.distance.{name}", "u, v, w=None", _distance(text))
    table += rows("scipy.spatial.distance.cosine", "u, v, w=None", _angle, every=True)
    return table


ROWS: Final = _rows()

_NO_TAIL: Final = "TensorFlow has no logarithm of the normal distribution function"

REFUSED: Final = {
    "scipy.stats.norm.logcdf": _NO_TAIL,
    "scipy.stats.norm.logsf": _NO_TAIL,
    "scipy.stats.norm.fit": "a fit of SciPy leaves the tape; the mean and the deviation are its estimates",
    "scipy.stats.norm.rvs": "SciPy draws the sample; draw with `tf.random.normal`, then scale and shift",
    "scipy.stats.entropy": "write the entropy as a sum over `tf.math.xlogy`",
    "scipy.spatial.distance.cdist": "write the distances with broadcasting and `tf.norm`",
    "scipy.spatial.distance.pdist": "write the distances with broadcasting and `tf.norm`",
}
