"""Python's own numbers: `math`, and the builtins."""

from __future__ import annotations

import math
from typing import Final

from tapefix.tapes.twins.arguments import UNCHANGED, NoTwin, Twin, is_number
from tapefix.tapes.twins.calls import ANY, Call, Row, rows

_MATH: Final = {
    "exp": "tf.exp",
    "exp2": "tnp.exp2",
    "expm1": "tf.math.expm1",
    "log2": "tnp.log2",
    "log10": "tnp.log10",
    "log1p": "tf.math.log1p",
    "sqrt": "tf.sqrt",
    "cbrt": "tnp.cbrt",
    "fabs": "tf.abs",
    "sin": "tf.sin",
    "cos": "tf.cos",
    "tan": "tf.tan",
    "asin": "tf.asin",
    "acos": "tf.acos",
    "atan": "tf.atan",
    "sinh": "tf.sinh",
    "cosh": "tf.cosh",
    "tanh": "tf.tanh",
    "asinh": "tf.asinh",
    "acosh": "tf.acosh",
    "atanh": "tf.atanh",
    "erf": "tf.math.erf",
    "erfc": "tf.math.erfc",
    "lgamma": "tf.math.lgamma",
    "degrees": "tnp.rad2deg",
    "radians": "tnp.deg2rad",
}

_STEPS: Final = {"isnan": "tf.math.is_nan", "isinf": "tf.math.is_inf", "isfinite": "tf.math.is_finite"}


def _log(call: Call) -> Twin | NoTwin:
    base = call.given("base")
    if base is None:
        return call.fill("tf.math.log({x})")
    if isinstance(base.constant, int | float) and is_number(base.constant) and base.constant > 0:
        return call.fill(f"(tf.math.log({{x}}) / {math.log(base.constant)!r})", ("base",))
    return NoTwin("the base of the logarithm is not known")


def _atan2(call: Call) -> Twin | NoTwin:
    return call.fill("tf.atan2({y}, {x})")


def _pow(call: Call) -> Twin | NoTwin:
    return call.fill("tf.pow({x}, {y})" if call["x"].on_tape else "({x!} ** {y!})")


def _float(call: Call) -> Twin | NoTwin:
    # A tensor that float() takes has rank 0: NumPy and TensorFlow refuse others.
    if not call["x"].on_tape:
        return NoTwin("the argument of `float` is not known to be a tensor")
    return call.fill("{x!}" if call["x"].kind == "tensor" else "tf.convert_to_tensor({x})")


def _len(call: Call) -> Twin | NoTwin:
    # A variable has no length of its own.
    return UNCHANGED if call["x"].kind == "tensor" else call.fill("{x!}.shape[0]")


def _extreme(call: Call) -> Twin | NoTwin:
    # Of a tensor and a number, the builtin may hand on the number, which has no gradient.
    names = ("tf.maximum", "tf.reduce_max") if call.row.name == "max" else ("tf.minimum", "tf.reduce_min")
    if len(call.arguments) == 2:
        return call.fill(f"{names[0]}({{first}}, {{*rest}})")
    return call.fill(f"{names[1]}([{{first}}, {{*rest}}])")


def _rows() -> list[Row]:
    table: list[Row] = []
    for name, function in _MATH.items():
        table += rows(f"math.{name}", "x, /", f"{function}({{x}})")
    for name, function in _STEPS.items():
        table += rows(f"math.{name}", "x, /", f"{function}({{x}})", differentiable=False)
    table += rows("math.log", "x, base=..., /", _log, "x")
    table += rows("math.pow", "x, y, /", _pow)
    table += rows("math.atan2", "y, x, /", _atan2)
    table += rows("math.hypot", "x, y, /", "tnp.hypot({x}, {y})", every=True)
    table += rows("float", "x, /", _float)
    table += rows("len", "x, /", _len, dtypes=ANY, differentiable=False)
    return table


ROWS: Final = _rows()

SAME: Final = {
    "abs": "x, /",
    "sum": "iterable, /, start=0",
    "max": "first, /, *rest",
    "min": "first, /, *rest",
    "pow": "base, exp",
    "list": "x, /",
    "tuple": "x, /",
}
"""Builtins that work on tensors as they are, and pass the gradient."""

BESIDE_NUMBERS: Final = {row.name: row for name in ("max", "min") for row in rows(name, SAME[name], _extreme, "first")}
"""Those of them that hand on one of their arguments as it is, where numbers are among these."""

_WHOLE: Final = "a whole number has no gradient"

REFUSED: Final = {
    "int": _WHOLE,
    "round": "rounding has no gradient, and `round` does not take a tensor",
    "bool": "a truth value has no gradient",
    "complex": "TensorFlow has no complex number of a real tensor alone; use `tf.complex`",
    "divmod": "`divmod` does not take a tensor; write `//` and `%`",
    "str": "a text has no gradient",
    "math.floor": _WHOLE,
    "math.ceil": _WHOLE,
    "math.trunc": _WHOLE,
    "math.fmod": "`tf.truncatemod` has no gradient; `%` has one, with the sign of the divisor",
    "math.copysign": "TensorFlow has no `copysign`",
    "math.gamma": "TensorFlow has the logarithm of the gamma function only, which loses the sign",
    "math.fsum": "TensorFlow has no exact sum; use `tf.reduce_sum`",
    "math.prod": "`math.prod` walks over the elements; use `tf.reduce_prod`",
    "math.dist": "use `tf.norm` of the difference",
    "math.modf": "TensorFlow has no `modf`",
    "math.frexp": "TensorFlow has no `frexp`",
    "math.ldexp": "TensorFlow has no `ldexp`",
    "math.isclose": "a comparison ends the path",
    "math.remainder": "TensorFlow rounds the quotient otherwise",
}
