"""SciPy's functions that TensorFlow has too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tapefix.tapes.twins.arguments import FLOATS, NoTwin, Twin
from tapefix.tapes.twins.calls import Call, Row, rows
from tapefix.tapes.twins.elementwise import ONE, TWO

_UNARY: Final = {
    "expit": "tf.sigmoid",
    "log_expit": "tf.math.log_sigmoid",
    "erf": "tf.math.erf",
    "erfc": "tf.math.erfc",
    "erfinv": "tf.math.erfinv",
    "gammaln": "tf.math.lgamma",
    "digamma": "tf.math.digamma",
    "psi": "tf.math.digamma",
    "ndtri": "tf.math.ndtri",
    "i0": "tf.math.bessel_i0",
    "i0e": "tf.math.bessel_i0e",
    "i1": "tf.math.bessel_i1",
    "i1e": "tf.math.bessel_i1e",
    "j0": "tf.math.special.bessel_j0",
    "j1": "tf.math.special.bessel_j1",
    "k0": "tf.math.special.bessel_k0",
    "k1": "tf.math.special.bessel_k1",
    "dawsn": "tf.math.special.dawsn",
    "spence": "tf.math.special.spence",
    "log1p": "tf.math.log1p",
    "expm1": "tf.math.expm1",
    "exp2": "tnp.exp2",
    "cbrt": "tnp.cbrt",
}

_BINARY: Final = {
    "gammainc": "tf.math.igamma",
    "gammaincc": "tf.math.igammac",
}


def _repeating(pattern: str) -> Callable[[Call], Twin | NoTwin]:
    """Write a formula in which arguments stand more than once."""

    def writer(call: Call) -> Twin | NoTwin:
        if not call.repeatable(*call.row.arrays):
            return NoTwin(f"TensorFlow needs the arguments of `{call.row.name}` several times; give them names first")
        return call.fill(pattern)

    return writer


def _softmax(function: str, flat: str) -> Callable[[Call], Twin | NoTwin]:
    """Write a softmax; without an axis SciPy runs over all elements, TensorFlow over the last axis."""

    def writer(call: Call) -> Twin | NoTwin:
        if call.constant("axis") is None:
            if call["x"].rank == 1:
                return call.fill(f"{function}({{x}})", ("axis",))
            if not call.repeatable("x"):
                return NoTwin(f"`{call.row.name}` without an axis needs its argument twice; give it a name first")
            return call.fill(flat, ("axis",))
        if not call["axis"].is_number:
            return NoTwin(f"the axis of `{call.row.name}` is not known to be one number")
        return call.fill(f"{function}({{x}}, axis={{axis}})")

    return writer


def _beside(function: str) -> Callable[[Call], Twin | NoTwin]:
    """Write a function that takes two tensors of one dtype; a number or an array beside a tensor is cast to it."""

    def writer(call: Call) -> Twin | NoTwin:
        pair = [call["x1"], call["x2"]]
        dtype = next((argument.dtype for argument in pair if argument.on_tape), "")
        written = ["{x1}", "{x2}"]
        mixed = not all(argument.on_tape for argument in pair)
        for index, argument in enumerate(pair):
            if argument.on_tape:
                continue
            if dtype not in FLOATS:
                return NoTwin(f"not every argument of `{call.row.name}` is known to be a tensor, nor is the dtype")
            written[index] = f"tf.cast({written[index]}, tf.{dtype})"
        note = "SciPy answers in float64 beside a number or an array; TensorFlow keeps the tensor's dtype"
        return call.fill(f"{function}({', '.join(written)})", note=note if mixed else "")

    return writer


def _rows() -> list[Row]:
    table: list[Row] = []
    for name, function in _UNARY.items():
        table += rows(f"scipy.special.{name}", ONE, f"{function}({{x}})")
    for name, function in _BINARY.items():
        table += rows(f"scipy.special.{name}", TWO, f"{function}({{x1}}, {{x2}})", every=True)
    for name in ("xlogy", "xlog1py"):
        table += rows(f"scipy.special.{name}", TWO, _beside(f"tf.math.{name}"))
    for name, pattern in (
        ("logit", "(tf.math.log({x}) - tf.math.log1p(-{x!}))"),
        ("entr", "(-tf.math.xlogy({x}, {x}))"),
    ):
        table += rows(f"scipy.special.{name}", ONE, _repeating(pattern))
    for name, pattern in (
        ("rel_entr", "(tf.math.xlogy({x1}, {x1}) - tf.math.xlogy({x1}, {x2}))"),
        ("kl_div", "(tf.math.xlogy({x1}, {x1}) - tf.math.xlogy({x1}, {x2}) - {x1!} + {x2!})"),
        ("betaln", "(tf.math.lgamma({x1}) + tf.math.lgamma({x2}) - tf.math.lgamma({x1!} + {x2!}))"),
    ):
        table += rows(f"scipy.special.{name}", TWO, _repeating(pattern), every=True)
    table += rows("scipy.special.ndtr", ONE, "(tf.math.erfc({x!} * -0.7071067811865476) / 2)")
    flat = "tf.reshape(tf.nn.softmax(tf.reshape({x}, [-1])), tf.shape({x}))"
    table += rows("scipy.special.softmax", "x, axis=None", _softmax("tf.nn.softmax", flat))
    flat = "({x!} - tf.reduce_logsumexp({x}))"
    table += rows("scipy.special.log_softmax", "x, axis=None", _softmax("tf.nn.log_softmax", flat))
    table += rows(
        "scipy.special.logsumexp",
        "a, axis=None, b=None, keepdims=False, return_sign=False",
        "tf.reduce_logsumexp({a}<, axis={axis}><, keepdims={keepdims}>)",
    )
    return table


ROWS: Final = _rows()

REFUSED: Final = {
    "scipy.special.gamma": "TensorFlow has the logarithm of the gamma function only, which loses the sign",
    "scipy.special.beta": "TensorFlow has the logarithm of the beta function only, which loses the sign",
    "scipy.special.betainc": "`tf.math.betainc` has no gradient for its first two arguments",
    "scipy.special.polygamma": "SciPy answers in float64, and the order has no gradient",
    "scipy.special.zeta": "`tf.math.zeta` has no gradient for its first argument",
    "scipy.special.log_ndtr": "TensorFlow has no logarithm of the normal distribution function",
    "scipy.special.erfcx": "TensorFlow has no scaled complementary error function",
    "scipy.special.comb": "TensorFlow has no binomial coefficient",
    "scipy.special.factorial": "TensorFlow has no factorial",
    "scipy.special.expi": "TensorFlow has `expint` of positive numbers only",
    "scipy.special.exp1": "TensorFlow has `expint` of positive numbers only",
}
