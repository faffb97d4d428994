"""Products of arrays, and `numpy.linalg`."""

from __future__ import annotations

from typing import Final

from tapefix.tapes.twins.arguments import NoTwin, Twin, is_infinity, is_integer
from tapefix.tapes.twins.calls import Call, Row, rows

_DOTS: Final[dict[tuple[int | None, int | None], str]] = {
    (2, 2): "tf.matmul({a}, {b})",
    (2, 1): "tf.linalg.matvec({a}, {b})",
    (1, 1): "tf.tensordot({a}, {b}, 1)",
}
"""`numpy.dot` by the ranks of its operands, where it has a name of its own."""


def _dot(call: Call) -> Twin | NoTwin:
    left, right = call["a"], call["b"]
    ranks = (left.rank, right.rank) if left.on_tape and right.on_tape else (None, None)
    return call.fill(_DOTS.get(ranks, "tnp.dot({a}, {b})"))


def _matmul(call: Call) -> Twin | NoTwin:
    left, right = call["x1"], call["x2"]
    if left.on_tape and right.on_tape and min(left.rank or 0, right.rank or 0) >= 2:
        return call.fill("tf.matmul({x1}, {x2})")
    return call.fill("tnp.matmul({x1}, {x2})")


def _tensordot(call: Call) -> Twin | NoTwin:
    if not (call["a"].on_tape and call["b"].on_tape):
        return call.fill("tnp.tensordot({a}, {b}<, axes={axes}>)")
    return call.fill("tf.tensordot({a}, {b}, " + ("axes={axes})" if call.given("axes") else "axes=2)"))


def _einsum(call: Call) -> Twin | NoTwin:
    if not isinstance(call.constant("subscripts"), str):
        return NoTwin("the subscripts of `numpy.einsum` are not known")
    return call.fill("tf.einsum({subscripts}, {*operands})", ("optimize",))


def _cross(call: Call) -> Twin | NoTwin:
    return call.fill("tnp.cross({a}, {b}<, axisa={axisa}><, axisb={axisb}><, axisc={axisc}><, axis={axis}>)")


def _norm(call: Call) -> Twin | NoTwin:
    tail = "<, axis={axis}><, keepdims={keepdims}>"
    if call.plain("ord"):
        return call.fill(f"tf.norm({{x}}{tail})", ("ord",))
    if call["ord"].constant == "fro":
        # NumPy takes it for matrices only, where it is what `tf.norm` computes by default.
        return call.fill(f"tf.norm({{x}}{tail})", ("ord",))
    order, axis = call["ord"], call.constant("axis")
    rank = call["x"].rank
    of_matrix = isinstance(axis, tuple | list) or (axis is None and rank == 2)
    of_vector = is_integer(axis) or (axis is None and rank == 1)
    if not (of_matrix or of_vector):
        return NoTwin("whether the norm is of vectors or of matrices is not known: the axis or the rank is missing")
    if of_matrix:
        if order.constant not in (1, 2) and not is_infinity(order):
            return NoTwin(f"`tf.norm` has no matrix norm of order {order.text}")
        if axis is None:
            tail = ", axis=[0, 1]<, keepdims={keepdims}>"
        return call.fill(f"tf.norm({{x}}, {{ord}}{tail})", ("axis",))
    if is_infinity(order) or (isinstance(order.constant, int | float) and order.constant > 0):
        return call.fill(f"tf.norm({{x}}, {{ord}}{tail})")
    return NoTwin(f"`tf.norm` has no vector norm of order {order.text}")


def _vector_norm(call: Call) -> Twin | NoTwin:
    if isinstance(call.constant("axis"), tuple | list) or (call.given("axis") and call.constant("axis") is None):
        return NoTwin("`tf.norm` takes two axes for those of a matrix")
    order = call.given("ord")
    if order is None or order.constant == 2:
        return call.fill("tf.norm({x}<, axis={axis}><, keepdims={keepdims}>)", ("ord",))
    return NoTwin(f"the order {order.text} of `numpy.linalg.vector_norm` is not in the table")


def _solve(call: Call) -> Twin | NoTwin:
    if not (call["a"].on_tape and call["b"].on_tape):
        return NoTwin("not every argument of `numpy.linalg.solve` is known to be a tensor")
    if call["b"].rank == 1:
        return call.fill("tf.squeeze(tf.linalg.solve({a}, tf.expand_dims({b}, -1)), -1)")
    if call["b"].rank == 2:
        return call.fill("tf.linalg.solve({a}, {b})")
    return NoTwin("`tf.linalg.solve` takes no vector, and the rank of the right side is not known here")


def _svd(call: Call) -> Twin | NoTwin:
    if call.constant("compute_uv") is not False:
        return NoTwin("U and V have free signs, and TensorFlow another order; only `compute_uv=False` is the same")
    return call.fill("tf.linalg.svd({a}, compute_uv=False)", ("compute_uv", "full_matrices"))


def _pinv(call: Call) -> Twin | NoTwin:
    # Both cut off singular values relative to the largest, at different defaults.
    return call.fill(
        "tf.linalg.pinv({a}, rcond={rcond})" if call.given("rcond") else "tf.linalg.pinv({a}, rcond=1e-15)"
    )


def _determinant(call: Call) -> Twin | NoTwin:
    return call.fill("tf.linalg.det({a})", note="SciPy computes in float64; TensorFlow keeps the tensor's dtype")


_SAFETY: Final = "overwrite_a check_finite"


def _rows() -> list[Row]:
    ufunc = "x1, x2, /, out=None, *, casting='same_kind', order='K', dtype=None, subok=True"
    return [
        *rows("numpy.dot", "a, b, out=None", _dot),
        *rows("numpy.matmul", ufunc, _matmul),
        *rows("numpy.inner", "a, b, /", "tnp.inner({a}, {b})", every=True),
        *rows("numpy.outer", "a, b, out=None", "tnp.outer({a}, {b})", every=True),
        *rows("numpy.vdot", "a, b, /", "tnp.vdot({a}, {b})", every=True),
        *rows("numpy.kron", "a, b", "tnp.kron({a}, {b})", every=True),
        *rows("numpy.cross", "a, b, axisa=-1, axisb=-1, axisc=-1, axis=None", _cross, every=True),
        *rows("numpy.tensordot", "a, b, axes=2", _tensordot, "a b"),
        *rows("numpy.einsum", "subscripts, *operands, optimize=False, out=None, dtype=None", _einsum, ""),
        *rows("numpy.polyval", "p, x", "tnp.polyval({p}, {x})", every=True),
        *rows(
            "numpy.trace",
            "a, offset=0, axis1=0, axis2=1, dtype=None, out=None",
            "tnp.trace({a}<, offset={offset}><, axis1={axis1}><, axis2={axis2}>)",
        ),
        *rows("numpy.linalg.inv", "a", "tf.linalg.inv({a})"),
        *rows("numpy.linalg.det", "a", "tf.linalg.det({a})"),
        *rows("numpy.linalg.cholesky", "a, /, *, upper=False", "tf.linalg.cholesky({a})"),
        *rows("numpy.linalg.eigvalsh", "a, UPLO='L'", "tf.linalg.eigvalsh({a})"),
        *rows("numpy.linalg.svd", "a, full_matrices=True, compute_uv=True, hermitian=False", _svd),
        *rows("numpy.linalg.svdvals", "x, /", "tf.linalg.svd({x}, compute_uv=False)"),
        *rows("numpy.linalg.pinv", "a, rcond=None, hermitian=False, *, rtol=...", _pinv),
        *rows("numpy.linalg.slogdet", "a", "tf.linalg.slogdet({a})"),
        *rows("numpy.linalg.solve", "a, b", _solve),
        *rows("numpy.linalg.norm", "x, ord=None, axis=None, keepdims=False", _norm),
        *rows("numpy.linalg.vector_norm", "x, /, *, axis=None, keepdims=False, ord=2", _vector_norm),
        *rows(
            "numpy.linalg.matrix_norm",
            "x, /, *, keepdims=False, ord='fro'",
            "tf.norm({x}, axis=(-2, -1)<, keepdims={keepdims}>)",
        ),
        *rows("numpy.linalg.matrix_transpose", "x, /", "tf.linalg.matrix_transpose({x})"),
        *rows("scipy.linalg.inv", "a, overwrite_a=False, check_finite=True", "tf.linalg.inv({a})", ignored=_SAFETY),
        *rows("scipy.linalg.det", "a, overwrite_a=False, check_finite=True", _determinant, ignored=_SAFETY),
        *rows(
            "scipy.linalg.norm",
            "a, ord=None, axis=None, keepdims=False, check_finite=True",
            "tf.norm({a}<, axis={axis}><, keepdims={keepdims}>)",
            ignored=_SAFETY,
        ),
    ]


ROWS: Final = _rows()

REFUSED: Final = {
    "numpy.linalg.eig": "TensorFlow answers in complex numbers, and eigenvectors have a free sign",
    "numpy.linalg.eigvals": "TensorFlow answers in complex numbers, NumPy in real ones where it can",
    "numpy.linalg.eigh": "eigenvectors have a free sign; `tf.linalg.eigh` picks another one",
    "numpy.linalg.qr": "Q and R have free signs; `tf.linalg.qr` may pick others",
    "numpy.linalg.lstsq": "NumPy answers with residuals, rank and singular values beside the solution",
    "numpy.linalg.matrix_rank": "a rank has no gradient",
    "numpy.linalg.matrix_power": "TensorFlow has no matrix power; write the product with `@`",
    "numpy.linalg.multi_dot": "TensorFlow has no chained product; write it with `@`",
    "numpy.linalg.cond": "TensorFlow has no condition number; divide the singular values",
    "numpy.linalg.tensorinv": "TensorFlow has no `tensorinv`",
    "numpy.linalg.tensorsolve": "TensorFlow has no `tensorsolve`",
    "numpy.fft.fft": "`tf.signal.fft` takes complex tensors only",
    "numpy.fft.ifft": "`tf.signal.ifft` takes complex tensors only",
    "numpy.fft.rfft": "NumPy answers float32 in complex64 or complex128 by version; use `tf.signal.rfft`",
    "scipy.linalg.solve": "`tf.linalg.solve` takes no vector, and the rank of the right side is not known here",
    "scipy.linalg.cholesky": "SciPy gives the upper factor unless told otherwise; `tf.linalg.cholesky` the lower one",
    "scipy.linalg.sqrtm": "SciPy answers in complex numbers where it must; use `tf.linalg.sqrtm`",
    "scipy.linalg.expm": "`tf.linalg.expm` has the same meaning, but fewer digits in float32",
    "scipy.linalg.logm": "`tf.linalg.logm` takes complex tensors only",
    "scipy.linalg.eigh": "eigenvectors have a free sign; `tf.linalg.eigh` picks another one",
    "numpy.polyfit": "TensorFlow has no polynomial fit",
}
