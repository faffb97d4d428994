"""Expressions to run in NumPy and, as the table writes them, in TensorFlow.

The names: `a` any rank from 1 to 3; `t`, `b` matrices of one shape; `v`, `w` vectors as long as their rows; `s` a
number; `x` in (-0.9, 0.9); `q`, `r` in (0.1, 0.9); `p` positive; `g` above 1; `m` a positive definite matrix, `h` its
right sides, `z` one right side; `k` a cube (2, 3, 4) and `c` vectors of 3; `K` a float64 array like `t`, `I` a
whole-number one; `mask` truth values like `t`; `f` a tensor like `t` of the other dtype; `n` a whole-number tensor like
`t`. `{axis}` is an axis of `a` or `t`, `{axes}` also `None` or several, `{keep}` a truth value, `{dtype}` a dtype.
"""

from __future__ import annotations

ANYWHERE = (
    "expm1 exp exp2 square fabs sin cos arctan atan sinh cosh tanh arcsinh asinh cbrt abs absolute "
    "negative reciprocal deg2rad radians rad2deg degrees sign floor ceil rint isnan isfinite isinf "
    "logical_not sinc i0 fix round around real imag conj conjugate nan_to_num "
)
POSITIVE = "log log2 log10 log1p sqrt"
WITHIN = "arcsin asin arccos acos arctanh atanh tan"
TWO = "add subtract multiply divide true_divide arctan2 atan2 maximum minimum hypot logaddexp logaddexp2 heaviside"
PAIRS = ("a, 2", "a, 0.5", "2, a", "0.5, a", "-1.5, a", "t, K", "K, t", "t, I", "I, t", "t, [1.0]")
COMPARED = "greater greater_equal less less_equal equal not_equal"

MATH = "exp exp2 expm1 fabs sin cos tan atan sinh cosh tanh asinh erf erfc degrees radians cbrt"
SMOOTH = "expit log_expit erf erfc digamma psi i0 i0e i1 i1e j0 j1 dawsn ndtr exp2 cbrt expm1"

ELEMENTWISE = [
    *(f"np.{name}(a)" for name in ANYWHERE.split()), *(f"np.{name}(p)" for name in POSITIVE.split()),
    *(f"np.{name}(x)" for name in WITHIN.split()), "np.arccosh(g)", "np.acosh(g)",
    *(f"np.{name}(t, b)" for name in TWO.split()), *(f"np.{name}(t, v)" for name in TWO.split()),
    *(f"np.{name}(t, b)" for name in COMPARED.split()),
    *(f"np.{name}({pair})" for name in ("logical_and", "logical_or", "logical_xor") for pair in ("t, b",)),
    *(f"np.{name}({pair})"
      for name in ("add", "subtract", "multiply", "maximum", "minimum", "arctan2") for pair in PAIRS),
    "np.divide(p, 2)", "np.divide(2, p)", "np.divide(K, p)", "np.true_divide(1, p)", "np.mod(a, 0.7)",
    "np.remainder(a, 0.7)", "np.mod(t, p)", "np.mod(2, p)", "np.mod(a, -0.7)", "np.floor_divide(a, 0.7)",
    "np.floor_divide(2, p)", "np.power(p, 2)", "np.power(a, 2)", "np.power(a, 3.0)", "np.power(2, a)",
    "np.power(2.5, a)", "np.pow(p, -0.5)", "np.power(q, t)", "np.float_power(p, 2)", "np.float_power(p, 0.3)",
    "np.float_power(q, r)", "np.exp(a, dtype=np.float64)", "np.multiply(t, b, dtype='float64')", "np.exp(x - 1.0)",
    "np.add(-t, b)", "np.multiply(t, f)", "np.maximum(f, t)", "np.add(t, n)", "np.maximum(n, t)", "np.clip(a, 0, 1)",
    "np.clip(a, -0.5, 0.5)", "np.clip(a, 0.5, -0.5)", "np.clip(a, 0, None)", "np.clip(a, None, 0.25)",
    "np.clip(a, a_min=0.1, a_max=None)", "np.clip(a, min=-0.1, max=0.3)", "np.clip(t, v, 1.0)", "np.clip(v, t, 2.0)",
    "np.clip(t, b, None)", "np.clip(t, -1, b)", "a.clip(0, 1)", "a.clip(max=0.5)", "a.clip(min=-0.5, max=0.5)",
    "a.round()", "a.conj()", "a.conjugate()", "a.real", "a.imag",
]  # fmt: skip

_TAILS = ["", ", axis={axes}", ", {axes}", ", axis={axes}, keepdims={keep}"]
REDUCTIONS = [
    *(f"np.{name}(a{tail})"
      for name in ("sum", "mean", "prod", "max", "min", "amax", "amin", "std", "var") for tail in _TAILS),
    *(f"np.{name}(a{tail})"
      for name in ("all", "any", "count_nonzero", "nansum", "nanprod", "nanmean") for tail in _TAILS),
    *(f"a.{name}({tail.removeprefix(', ')})"
      for name in ("sum", "mean", "prod", "max", "min", "std", "var", "all", "any") for tail in _TAILS),
    *(f"np.{name}(a, {{axes}}, dtype={{dtype}})" for name in ("sum", "mean", "prod", "std", "var")),
    "np.sum(a, 0, None, None, True)", "np.sum(a, initial=2.0)", "np.sum(a, axis={axis}, initial=2)",
    "np.prod(a, initial=-2)", "np.max(a, initial=0.1)", "np.min(a, axis={axis}, initial=0)", "np.sum(t, where=mask)",
    "np.sum(t, axis={axis}, where=t > 0)", "np.prod(t, axis={axis}, where=mask)", "np.mean(t, where=mask)",
    "np.mean(t, axis={axis}, keepdims=True, where=t > -9)", "np.mean([s, s])", "np.sum([s, 1.0])",
    "np.mean((v, w), axis=0)", "np.mean(t - b)", "np.max([s, s])", "np.std([v, w])", "np.var(a, ddof=1)",
    "np.std(a, ddof=1)", "np.var(t, axis={axis}, ddof=1)", "np.std(t, axis={axis}, ddof=1, keepdims={keep})",
    "np.var(a, {axes}, ddof=0)", "np.var(a, axis={axes}, ddof=1)", "t.var(ddof=1)", "t.std(axis={axis}, ddof=1)",
    "np.ptp(a)", "np.ptp(a, axis={axis})", "np.ptp(a, {axis}, keepdims=True)", "np.median(a)",
    "np.median(a, axis={axis})", "np.median(a, {axis}, keepdims=True)", "np.average(a)", "np.average(a, axis={axis})",
    "np.average(t, weights=p)", "np.average(t, 1, v)", "np.average(t, axis=-1, weights=v)",
    "np.average(t, axis=0, weights=p)",
    *(f"np.{name}(a{tail})"
      for name in ("cumsum", "cumprod") for tail in ("", ", axis={axis}", ", {axis}", ", axis=None")),
    "a.cumsum()", "a.cumsum(axis={axis})", "a.cumprod({axis})", "np.cumsum(a, axis=number)",
    "np.cumsum(a, dtype=np.float64)", "np.diff(a)", "np.diff(t, axis={axis})", "np.diff(a, 2)",
    "np.diff(a, n=1, axis=-1)", "np.diff(a, n=0)", "np.trapezoid(a)", "np.trapezoid(a, dx=0.1)", "np.trapezoid(t, v)",
    "np.trapezoid(t, x=K)", "np.argmax(a)", "np.argmax(a, axis={axis})", "np.argmin(a, {axis})", "a.argmax()",
    "a.argmin({axis})", "a.argmax(axis={axis})", "np.argsort(a)", "np.argsort(a, axis={axis})", "a.argsort()",
    "a.argsort({axis})", "np.sum(keepdims=True, a=a)", "sum(v)", "max(v)", "min(v)", "max(s, -99.0)", "abs(a)",
    "pow(p, 2)", "len(a)",
]  # fmt: skip

SHAPES = [
    "np.reshape(a, -1)", "np.reshape(a, (-1,))", "np.reshape(a, [-1])", "np.reshape(a, (1, -1))",
    "np.reshape(t, b.shape)", "np.reshape(a, number2)", "np.reshape(t, order='C', shape=(-1, 1))", "a.reshape(-1)",
    "a.reshape(-1, 1)", "a.reshape((1, -1))", "t.reshape(b.shape)", "a.reshape(number2)", "a.reshape([-1])",
    "a.reshape(-1, 1, order='C')", "np.ravel(a)", "a.ravel()", "a.flatten()", "a.flatten('C')", "a.copy()",
    "np.copy(a)", "np.squeeze(a)", "a.squeeze()", "np.squeeze(one, 0)", "np.squeeze(one, axis=(0, 2))",
    "one.squeeze(axis=-1)", "one.squeeze(0)", "np.transpose(a)", "a.transpose()", "a.T", "t.T", "k.mT",
    "np.transpose(t, (1, 0))", "np.transpose(k, [2, 0, 1])", "np.transpose(k, axes=(-1, 0, 1))",
    "np.transpose(k, order3)", "np.permute_dims(k, (0, 2, 1))", "k.transpose(2, 0, 1)", "k.transpose((2, 0, 1))",
    "k.transpose(-1, 0, 1)", "k.transpose(order3)", "a.transpose(None)", "np.matrix_transpose(k)",
    "np.moveaxis(a, {axis}, {axis})", "np.moveaxis(k, (0, 1), (-1, -2))", "np.moveaxis(k, [0, 1], [2, 0])",
    "np.swapaxes(a, {axis}, {axis})", "a.swapaxes({axis}, {axis})", "np.rollaxis(a, {axis})", "np.expand_dims(a, 0)",
    "np.expand_dims(a, axis=-1)", "np.expand_dims(a, (0, 2))", "np.expand_dims(a, [0])", "np.tile(a, 2)",
    "np.tile(a, (2, 1))", "np.tile(v, [2, 1, 3])", "np.repeat(a, 2)", "np.repeat(a, 3, axis={axis})",
    "np.repeat(v, repeats=2)", "np.repeat(k, [1, 2, 3], axis=1)", "a.repeat(2)", "a.repeat(2, axis={axis})",
    "np.pad(t, ((1, 0), (2, 1)))", "np.pad(v, (1, 2))", "np.pad(v, 2)", "np.pad(t, 1)", "np.pad(v, ((1, 2),))",
    "np.pad(t, ((1, 0), (0, 2)), 'constant', constant_values=1.5)", "np.pad(t, [[0, 1], [1, 1]], mode='reflect')",
    "np.pad(t, ((1, 1), (1, 0)), mode='symmetric')", "np.pad(t, ((1, number), (0, 0)), constant_values=-1)",
    "np.roll(a, 1)", "np.roll(a, -2, axis={axis})", "np.roll(a, number, axis={axis})",
    "np.roll(t, (1, 2), axis=(0, 1))", "np.flip(a)", "np.flip(a, {axis})", "np.flip(t, axis=(0, 1))", "np.fliplr(t)",
    "np.flipud(a)", "np.rot90(t)", "np.rot90(t, 2)", "np.rot90(t, k=-1, axes=(1, 0))", "np.split(k, 3, axis=1)",
    "np.split(k, 2)", "np.split(k, [1, 2], axis=-1)", "np.split(k, (1,), 2)", "np.vsplit(k, 2)", "np.hsplit(k, 3)",
    "np.dsplit(k, 2)", "np.hsplit(k, [1])", "np.broadcast_to(v, (4, v.shape[0]))", "np.broadcast_to(s, (2, 3))",
    "np.broadcast_to(s, 4)", "np.broadcast_to(v, t.shape)", "np.broadcast_to(s, number3)", "np.atleast_1d(s)",
    "np.atleast_1d(a)", "np.atleast_2d(a)", "np.atleast_3d(a)", "np.diag(v)", "np.diag(t)", "np.diag(t, 1)",
    "np.diag(v, k=-1)", "np.diagflat(v)", "np.diagflat(v, 1)", "np.diagonal(t)", "np.diagonal(k, offset=1)",
    "np.diagonal(k, 0, 1, 2)", "t.diagonal()", "np.trace(t)", "np.trace(k)", "t.trace()", "np.trace(t, offset=1)",
    "np.trace(k, axis1=1, axis2=2)", "np.tril(t)", "np.tril(t, -1)", "np.triu(k)", "np.triu(t, k=1)",
    "np.take(k, [0, 1], axis=1)", "np.take(k, 2, axis=-1)", "np.take(k, [0, -1], axis=1)", "np.take(a, 0)",
    "np.take(a, [0, -1])", "np.take(a, indices, axis=0)", "np.take(k, -1, axis=0)", "k.take([1, 0], axis=0)",
    "k.take(indices, 1)", "np.take_along_axis(t, where, axis=1)", "np.take_along_axis(t, where, 1)",
    "np.compress([True, False], k, axis=0)", "k.compress([False, True], axis=0)", "np.sort(a)",
    "np.sort(a, axis={axis})", "np.sort(a, None)", "np.sort(a, kind='stable')", "np.where(t > 0, t, b)",
    "np.where(t > 0, t, 0)", "np.where(t > 0, 0.0, t)", "np.where(t > 0, 1, t)", "np.where(mask, t, 0.5)",
    "np.where(mask, t, K)", "np.where(mask, K, t)", "np.where(t > 0, v, t)", "np.where(n, t, 0)",
    "np.where(I, t, 1.0)", "np.where(mask, f, t)", "t[0]", "t[-1]", "t[:, 0]", "t[..., None]", "t[::-1]",
    "t[:, ::-1]", "t[mask]", "t[t > 0]", "t[~mask]", "t[np.newaxis]", "k[[0, 1]]", "k[[1, -1]]", "k[indices]",
    "k[0, 1:, None]", "t.shape", "t.size", "t.ndim", "t.dtype",
]  # fmt: skip

JOINING = [
    "np.concatenate((t, b), axis=1)", "np.concatenate([v, w])", "np.concatenate((t, K), 0)",
    "np.concatenate((K, t), axis=0)", "np.concatenate([v, [1.0, 2.0]])", "np.concat((v, w))",
    "np.concatenate([t, b], -1)", "np.concatenate(vectors)", "np.concatenate(vectors, axis=0)", "np.stack((t, b))",
    "np.stack([t, b], axis=-1)", "np.stack((v, w), 1)", "np.stack(vectors)", "np.vstack((v, t))", "np.vstack([v, w])",
    "np.hstack((v, w))", "np.hstack([t, b])", "np.hstack((s, v))", "np.dstack((v, w))", "np.dstack((t, b))",
    "np.vstack(vectors)", "np.column_stack((v, w))", "np.append(t, v)", "np.append(v, w)", "np.append(t, b, axis=0)",
    "np.append(v, 1.0)", "np.array([s, s])", "np.array([v, w])", "np.array((t, b))", "np.array([[s, s], [s, s]])",
    "np.array([s, s], dtype=np.float64)", "np.array(t)", "np.array(t, copy=True)", "np.array(t, dtype=np.float64)",
    "np.array(vectors)", "np.array([s, s], 'float32')", "np.asarray(t)", "np.asarray(t, dtype='float64')",
    "np.asanyarray(t)", "np.ascontiguousarray(t)", "np.asarray([s, s])", "np.float32(t)", "np.float64(s)",
    "np.float16(t)", "np.half(t)", "np.single(t)", "np.double(t)", "np.float64(t - b)", "a.astype('float32')",
    "a.astype(np.float64)", "a.astype(float)", "t.astype(b.dtype)", "a.astype(np.float64, copy=False)",
    "a.astype(dtype=np.float32)", "np.zeros_like(t)", "np.ones_like(t)", "np.full_like(t, s)", "np.full_like(t, 2.5)",
    "np.full((2, 3), s)", "np.full(4, s)", "np.linspace(s, 1, 5)", "np.linspace(s, 2.0, num=4, endpoint=False)",
    "np.linspace(0.0, s, 3)", "np.linspace(v, w, 3)", "np.meshgrid(v, w)", "np.meshgrid(v, w, indexing='ij')",
]  # fmt: skip

LINEAR = [
    "np.dot(v, w)", "np.dot(t, v)", "np.dot(m, h)", "np.dot(k, z3)", "np.dot(s, t)", "np.dot(t, s)", "np.dot(t, K.T)",
    "np.dot(K.T, t)", "np.dot(I.T, t)", "t.dot(v)", "m.dot(h)", "np.dot(k, e)", "np.matmul(m, h)", "np.matmul(m, z)",
    "np.matmul(z, m)", "np.matmul(v, w)", "np.matmul(k, e)", "np.matmul(K.T, t)", "np.matmul(t, K.T)", "m @ h",
    "m @ z", "z @ m", "v @ w", "k @ e", "K.T @ t", "m @ m", "t @ fT", "np.inner(v, w)", "np.inner(t, b)",
    "np.inner(t, v)", "np.outer(v, w)", "np.outer(t, v)", "np.vdot(v, w)", "np.vdot(t, b)", "np.kron(v, w)",
    "np.kron(t, m)", "np.cross(c, c2)", "np.cross(cs, c)", "np.cross(c, cs, axis=-1)", "np.tensordot(t, b)",
    "np.tensordot(t, b, axes=([0], [0]))", "np.tensordot(v, w, 0)", "np.tensordot(t, v, 1)",
    "np.tensordot(t, b, [[0, 1], [0, 1]])", "np.tensordot(t, K, axes=2)", "np.einsum('ij,kj->ik', t, b)",
    "np.einsum('ij,kj', t, b)", "np.einsum('ii', m)", "np.einsum('ii->i', m)", "np.einsum('...j,j->...', k, u4)",
    "np.einsum('ij->', t)", "np.einsum('i,j->ij', v, w)", "np.einsum('ij, ij -> i', t, b)",
    "np.einsum('ij,jk->ik', m, h, optimize=True)", "np.einsum('ij,ij', t, K)", "np.polyval(v, w)", "np.polyval(c, t)",
    "np.linalg.inv(m)", "np.linalg.det(m)", "np.linalg.cholesky(m)", "np.linalg.eigvalsh(m)",
    "np.linalg.svd(t, compute_uv=False)", "np.linalg.svdvals(t)", "np.linalg.pinv(t)", "np.linalg.pinv(t, 1e-6)",
    "np.linalg.slogdet(m)", "np.linalg.solve(m, h)", "np.linalg.solve(m, z)", "np.linalg.norm(a)",
    "np.linalg.norm(a, axis={axis})", "np.linalg.norm(t, axis=(0, 1))",
    "np.linalg.norm(a, axis={axis}, keepdims={keep})", "np.linalg.norm(a, keepdims=True)", "np.linalg.norm(v, 1)",
    "np.linalg.norm(v, 2)", "np.linalg.norm(v, np.inf)", "np.linalg.norm(v, 3)", "np.linalg.norm(v, 0.5)",
    "np.linalg.norm(a, 1, {axis})", "np.linalg.norm(a, ord=2, axis={axis})", "np.linalg.norm(a, np.inf, axis={axis})",
    "np.linalg.norm(t, 'fro')", "np.linalg.norm(t, 2)", "np.linalg.norm(t, 1)", "np.linalg.norm(t, np.inf)",
    "np.linalg.norm(k, 'fro', axis=(1, 2))", "np.linalg.norm(k, ord=1, axis=(0, 2))",
    "np.linalg.norm(k, 2, axis=(1, 2))", "np.linalg.norm(t, 'fro', keepdims=True)", "np.linalg.norm(t - b)",
    "np.linalg.norm(k, 'fro', axis=(1, 2), keepdims=True)", "np.linalg.vector_norm(a)",
    "np.linalg.vector_norm(t, axis={axis}, keepdims={keep})", "np.linalg.matrix_norm(k)",
    "np.linalg.matrix_norm(t, keepdims=True)", "np.linalg.matrix_transpose(k)",
]  # fmt: skip

SCALARS = [
    *(f"math.{name}(s)"
      for name in MATH.split()),
    *(f"math.{name}(q)" for name in ["log", "log2", "log10", "log1p", "sqrt", "asin", "acos", "atanh", "lgamma"]),
    *(f"math.{name}(s)" for name in ("isnan", "isinf", "isfinite")), "math.acosh(g)", "math.log(q, 2)",
    "math.log(q, 10)", "math.pow(q, 2)", "math.pow(2, s)", "math.pow(q, r)", "math.atan2(s, 2)", "math.atan2(q, r)",
    "math.hypot(q, r)", "float(s)", "float(s - q)", "s.item()", "s.tolist()", "v.tolist()", "v.item(0)",
    "one_value.item()",
]  # fmt: skip

SPECIAL = [
    *(f"special.{name}(a)"
      for name in SMOOTH.split()),
    *(f"special.{name}(p)" for name in ["gammaln", "k0", "k1", "spence", "log1p", "entr"]),
    *(f"special.{name}(q)" for name in ["ndtri", "logit"]), "special.erfinv(x)", "special.xlogy(q, r)",
    "special.xlog1py(q, r)", "special.gammainc(p, q)", "special.gammaincc(p, q)", "special.rel_entr(q, r)",
    "special.kl_div(q, r)", "special.betaln(q, r)", "special.softmax(a, axis={axis})", "special.softmax(a)",
    "special.softmax(v)", "special.log_softmax(a, axis={axis})", "special.log_softmax(a)", "special.log_softmax(v)",
    "special.logsumexp(a)", "special.logsumexp(a, axis={axes}, keepdims={keep})", "special.logsumexp(a, {axes})",
    "special.logsumexp(a - 1)", "special.xlogy(I, p)", "special.xlogy(p, I)", "special.xlog1py(0.5, p)",
    "stats.norm.pdf(t)", "stats.norm.pdf(t, 0.5)", "stats.norm.pdf(t, b, p)", "stats.norm.pdf(K, t, p)",
    "stats.norm.pdf(t - b, scale=p, loc=v)", "stats.norm.logpdf(t)", "stats.norm.logpdf(t, 0.5, 2)",
    "stats.norm.logpdf(t, b, p)", "stats.norm.logpdf(K, loc=t, scale=p)", "stats.norm.logpdf(t, scale=0.5)",
    "stats.norm.logpdf(K, I, p)", "stats.norm.cdf(t)", "stats.norm.cdf(t, b)", "stats.norm.cdf(t - 1, b, p)",
    "stats.norm.cdf(t, scale=p)", "stats.norm.sf(t)", "stats.norm.sf(t, 0.5, p)", "stats.norm.ppf(q)",
    "stats.norm.ppf(q, p)", "stats.norm.ppf(q, 1.0, scale=p)",
    "distance.euclidean(v, w)", "distance.sqeuclidean(v, w)", "distance.cityblock(v, w)", "distance.cosine(v, w)",
    "linalg.inv(m)", "linalg.det(m)", "linalg.norm(t)", "linalg.norm(t, axis=1, keepdims=True)",
]  # fmt: skip

OPERATORS = [
    "t + b", "t - 1", "2 * t", "t / p", "p ** 2", "q ** r", "2 ** t", "t % 0.7", "t // 0.7", "t * K", "K * t",
    "I - t", "t * f", "f - t", "t + n", "t < b", "t > 0", "t == b", "t != b", "mask & (t > 0)", "-t", "+t", "~mask",
]  # fmt: skip

WHOLE = [
    "np.max(n)", "np.max(n, axis={axis})", "np.min(n)", "n.min()", "np.ptp(n)", "np.abs(n)", "np.negative(n)",
    "np.all(n)",
    "np.any(n, axis=0)", "np.argmax(n)", "np.count_nonzero(n)", "np.logical_and(n, n)", "np.reshape(n, -1)", "n.T",
    "n.reshape(-1, 1)", "np.squeeze(n)", "np.flip(n)", "np.roll(n, 1)", "np.tile(n, 2)", "np.repeat(n, 2)",
    "np.diag(n)",
    "np.tril(n)", "np.take(n, [0, 1], axis=1)", "np.moveaxis(n, 0, 1)", "np.concatenate((n, n))", "np.stack((n, n))",
    "np.vstack((n, n))", "np.append(n, n)", "np.array(n)", "np.copy(n)", "np.zeros_like(n)", "np.ones_like(n)",
    "np.float32(n)", "n.astype('float64')", "np.atleast_3d(n)", "np.expand_dims(n, 0)", "np.broadcast_to(n, n.shape)",
    "np.split(n, [1])", "np.swapaxes(n, 0, 1)", "n[0]", "n[[0, 1]]",
]  # fmt: skip

FAMILIES = {
    "elementwise": ELEMENTWISE,
    "reductions": REDUCTIONS,
    "shapes": SHAPES,
    "joining": JOINING,
    "linear algebra": LINEAR,
    "scalars": SCALARS,
    "special": SPECIAL,
    "operators": OPERATORS,
    "whole numbers": WHOLE,
}
CASES = list(dict.fromkeys(case for cases in FAMILIES.values() for case in cases))
