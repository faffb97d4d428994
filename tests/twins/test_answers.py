"""What the table writes and what it refuses, without running it."""

from __future__ import annotations

import ast

import pytest

from tapefix.tapes.twins import (
    KNOWN,
    UNCHANGED,
    Argument,
    NoTwin,
    Slot,
    Twin,
    twin_of_function,
    twin_of_method,
    twin_of_operator,
)
from tapefix.tapes.twins.arguments import is_tight
from tests.twins.asking import Asked, Expression, Value, name_of
from tests.twins.cases import CASES

FLAT = Value("tensor", "float32", 1)
MATRIX = Value("tensor", "float32", 2)
NAMES = {
    "t": Value(),
    "u": Value(),
    "m": MATRIX,
    "v": FLAT,
    "w": FLAT,
    "var": Value("variable"),
    "i": Value("tensor", "int64"),
    "z": Value("tensor", "complex64"),
    "K": Value("ndarray", "float64"),
    "mask": Value("ndarray", "bool"),
    "ts": Value("sequence"),
}


def ask(text: str, tf: str = "tf") -> Asked:
    return Expression(text, NAMES).ask(tf)


@pytest.mark.parametrize(
    ("numpy", "tensorflow"),
    [
        ("np.mean(t)", "tf.reduce_mean(t)"),
        ("np.mean(t - u, axis=0)", "tf.reduce_mean(t - u, axis=0)"),
        ("np.sum(t, 0, None, None, True)", "tf.reduce_sum(t, axis=0, keepdims=True)"),
        ("np.sum(axis=1, a=t)", "tf.reduce_sum(t, axis=1)"),
        ("np.sum(t, dtype=np.float64)", "tf.reduce_sum(tf.cast(t, tf.float64))"),
        ("np.maximum(0, t)", "tf.maximum(t, 0)"),
        ("np.subtract(1, t - u)", "(1 - (t - u))"),
        ("np.where(t > 0, 1, t)", "tf.where(t > 0, 1.0, t)"),
        ("np.clip(t, 0, None)", "tf.maximum(t, 0)"),
        ("np.clip(t, low, high)", "tf.minimum(tf.maximum(t, low), high)"),
        ("np.dot(m, v)", "tf.linalg.matvec(m, v)"),
        ("np.dot(t, u)", "tf.experimental.numpy.dot(t, u)"),
        ("np.array([t, 1.0])", "tf.stack([t, 1.0])"),
        ("np.array(t)", "t"),
        ("np.array(var)", "tf.convert_to_tensor(var)"),
        ("np.asarray(t - u)", "(t - u)"),
        ("np.exp(y := t)", "tf.exp((y := t))"),
        ("np.exp(t if flag else u)", "tf.exp(t if flag else u)"),
        ("t.reshape(-1, 3)", "tf.reshape(t, [-1, 3])"),
        ("t.reshape((-1, 3))", "tf.reshape(t, (-1, 3))"),
        ("t.T", "tf.transpose(t)"),
        ("t.size", "t.shape.num_elements()"),
        ("t.astype('float64')", "tf.cast(t, tf.float64)"),
        ("v.astype(np.float32)", "v"),
        ("v.tolist()", "tf.unstack(v)"),
        ("t.item()", "tf.reshape(t, [])"),
        ("float(t)", "t"),
        ("float(var)", "tf.convert_to_tensor(var)"),
        ("math.log(t, 2)", "(tf.math.log(t) / 0.6931471805599453)"),
        ("math.pow(2, t)", "(2 ** t)"),
        ("v @ w", "tf.experimental.numpy.matmul(v, w)"),
        ("+t", "t"),
        ("t[[0, 2]]", "tf.gather(t, [0, 2])"),
    ],
)
def test_a_twin_reads_as_people_would_write_it(numpy: str, tensorflow: str) -> None:
    assert ask(numpy).text == tensorflow


REFUSED = [
    # (why nobody may guess here, the expression)
    ("out= writes into an array", "np.exp(t, out=K)"),
    ("where= of a ufunc leaves garbage", "np.exp(t, where=mask)"),
    ("casting is NumPy's own", "np.exp(t, casting='unsafe')"),
    ("a whole dtype ends the gradient", "np.sum(t, dtype=np.int64)"),
    ("a dtype in a name is not known", "np.sum(t, dtype=kind)"),
    ("the divisor is not the count", "np.var(t, ddof=2)"),
    ("a divisor in a name is not known", "np.std(t, ddof=d)"),
    ("the argument would be computed twice", "np.var(f(t) + t, ddof=1)"),
    ("arguments behind a star", "np.sum(*t)"),
    ("more arguments than NumPy takes", "np.exp(t, None, 3)"),
    ("a keyword that NumPy does not have", "np.mean(t, axes=0)"),
    ("an argument is missing", "np.maximum(t)"),
    ("a generator", "np.sum(x for x in t)"),
    ("nothing here is a tensor", "np.mean(K)"),
    ("nothing here is known", "np.mean(whatever)"),
    ("tf.reduce_mean of whole numbers rounds", "np.mean(i)"),
    ("NumPy sums int32 in int64", "np.sum(i)"),
    ("NumPy turns whole numbers into float64", "np.exp(i)"),
    ("complex means have another gradient", "np.mean(z)"),
    ("a whole-number tensor beside one of unknown dtype", "np.add(t, i)"),
    ("indices only", "np.where(t > 0)"),
    ("Fortran order", "np.reshape(t, (2, 3), order='F')"),
    ("Fortran order of a method", "t.ravel(order='F')"),
    ("tf.concat of one tensor is the tensor", "np.concatenate(t)"),
    ("tf.stack of a tensor is not a list's", "np.stack(t)"),
    ("no axis to join along", "np.concatenate((t, u), axis=None)"),
    ("an axis in a name may be None", "np.concatenate((t, u), axis=n)"),
    ("the ranks decide", "np.linalg.norm(t, 1)"),
    ("tf.norm lacks it", "np.linalg.norm(m, 'nuc')"),
    ("tf.norm lacks negative orders", "np.linalg.norm(v, -1)"),
    ("a vector on the right side needs its rank", "np.linalg.solve(t, u)"),
    ("signs of the vectors are free", "np.linalg.svd(t)"),
    ("signs of the vectors are free", "np.linalg.eigh(t)"),
    ("no such pad", "np.pad(t, ((1, 1), (0, 0)), mode='wrap')"),
    ("one pair for all axes needs the rank", "np.pad(t, 1)"),
    ("one shift, several axes", "np.roll(t, 1, axis=(0, 1))"),
    ("mode clips the indices", "np.take(t, [0, 9], mode='clip')"),
    ("decimals", "np.round(t, 2)"),
    ("NaN is passed over", "np.fmax(t, u)"),
    ("no gradient is registered", "np.fmod(t, u)"),
    ("hypot does not convert a number", "np.hypot(t, 1)"),
    ("a whole number", "int(t)"),
    ("tensors do not round themselves", "round(t)"),
    ("a list of lists", "m.tolist()"),
    ("a list of unknown depth", "t.tolist()"),
    ("in place", "t.sort()"),
    ("in place", "t.fill(0)"),
    ("to whole numbers", "t.astype(int)"),
    ("to a dtype in a name", "t.astype(kind)"),
    ("keeps the axis", "np.argmax(t, axis=0, keepdims=True)"),
    ("returns two", "np.average(t, returned=True)"),
    ("prepends", "np.diff(t, prepend=0)"),
    ("softmax over all of something long", "special.softmax(f(t) + t)"),
    ("weights the exponents", "special.logsumexp(t, b=K)"),
    ("three-argument power", "pow(t, 2, 3)"),
    ("membership", "t in u"),
    ("a mask beside a slice", "t[:, mask]"),
    ("a name that may be a list", "t[j]"),
    ("a list of names", "t[[j, 1]]"),
    ("a base in a name", "math.log(t, b)"),
]


@pytest.mark.parametrize(("why", "expression"), REFUSED, ids=[expression for _, expression in REFUSED])
def test_what_cannot_be_mapped_exactly_is_refused_with_a_reason(why: str, expression: str) -> None:
    if expression == "np.mean(z)":
        answer = twin_of_function("numpy.mean", [Argument("z", kind="tensor", dtype="complex64")])
    elif expression.startswith("np.sum(x for"):
        answer = twin_of_function("numpy.sum", [Argument("x for x in t", kind="tensor")])
    else:
        answer = ask(expression).answer
    assert isinstance(answer, NoTwin), (why, answer)
    assert len(answer.reason.split()) > 2


def test_names_outside_the_table_are_not_known() -> None:
    t = Argument("t", kind="tensor")
    assert twin_of_function("numpy.frobnicate", [t]) is None
    assert twin_of_function("torch.exp", [t]) is None
    assert twin_of_method("frobnicate", t, []) is None
    assert twin_of_operator("<=>", t, t) is None


@pytest.mark.parametrize(
    "expression", ["t + u", "t * 2", "K * t", "t ** 2", "t % 3", "-t", "t[0]", "t[:, 1]", "t[mask]", "m @ m"]
)
def test_what_means_the_same_stays_as_written(expression: str) -> None:
    assert ask(expression).answer is UNCHANGED


def test_every_twin_of_the_table_is_run_by_a_case() -> None:
    run = {name_of(case) for case in CASES}
    alike = {"list", "tuple", ">=", "<=", "|", "^"}
    gone_from_numpy_2 = {"numpy.trapz", "ndarray.ptp"}
    assert {known.name for known in KNOWN if known.twin} - run == alike | gone_from_numpy_2


def test_the_table_is_large_and_says_why_it_refuses() -> None:
    twins = [known for known in KNOWN if known.twin and known.kind != "operator"]
    assert len(twins) >= 280
    assert sum(known.differentiable for known in twins) >= 200
    assert len({known.name for known in KNOWN}) == len(KNOWN)
    for known in KNOWN:
        assert known.twin or known.reason


@pytest.mark.parametrize(
    "known", [k for k in KNOWN if not k.twin and k.kind == "function"], ids=lambda known: known.name
)
def test_a_name_without_a_twin_answers_with_its_reason(known: object) -> None:
    name, reason = known.name, known.reason  # type: ignore[attr-defined]  # a `Known`; pytest passes objects
    assert twin_of_function(name, [Argument("t", kind="tensor")]) == NoTwin(reason)


@pytest.mark.parametrize(
    "argument",
    [
        "a + b",
        "lambda: 0",
        "x if y else z",
        "not x",
        "-x",
        "await_ .x",
        "(a,\n b)[0]",
        "(a +  # why\n b)",
        "a +  # why\n b",
        "y := x",
    ],
)
@pytest.mark.parametrize(
    "function", ["numpy.exp", "numpy.subtract", "float", "numpy.array", "math.pow", "scipy.special.ndtr"]
)
def test_any_argument_keeps_its_meaning_inside_a_twin(function: str, argument: str) -> None:
    second = [Argument("2", constant=2, kind="scalar")] if function in ("numpy.subtract", "math.pow") else []
    arguments = [Argument(argument, kind="tensor"), *second]
    for given in ([*arguments], [*reversed(arguments)]):
        twin = twin_of_function(function, given)
        assert isinstance(twin, Twin)
        text = twin.render(given)
        assert is_tight(text), text
        wanted = ast.dump(ast.parse(f"({argument}\n)", mode="eval").body)
        assert wanted in {ast.dump(node) for node in ast.walk(ast.parse(text, mode="eval"))}, text


def test_the_files_own_name_for_tensorflow_is_used() -> None:
    assert ask("np.mean(np.exp(t))", "tf").answer != ask("np.mean(t)", "tensorflow").answer
    assert ask("np.dot(t, u)", "tensorflow").text == "tensorflow.experimental.numpy.dot(t, u)"
    assert ask("np.sum(t, dtype='float64')", "T").text == "T.reduce_sum(T.cast(t, T.float64))"


def test_slots_point_at_the_arguments_so_that_they_can_be_rewritten_in_place() -> None:
    twin = ask("np.sum(t, keepdims=True, axis=0)").answer
    assert isinstance(twin, Twin)
    assert [piece.argument for piece in twin.template if isinstance(piece, Slot)] == [0, 2, 1]
    method = ask("t.dot(u)").answer
    assert isinstance(method, Twin)
    assert [piece.argument for piece in method.template if isinstance(piece, Slot)] == [-1, 0]
    assert twin.needs == ("tensorflow",)
    assert ask("float(t)").answer == Twin((Slot(0),))


def test_a_wider_result_of_numpy_is_noted() -> None:
    assert "float64" in getattr(ask("np.maximum(m, K)").answer, "note", "")
    assert getattr(ask("np.maximum(m, 0.5)").answer, "note", "") == ""


def test_a_twin_that_ends_the_path_says_so() -> None:
    assert not getattr(ask("np.floor(t)").answer, "differentiable", True)
    assert not getattr(ask("np.full_like(t, 2.0)").answer, "differentiable", True)
    assert getattr(ask("np.full_like(m, t)").answer, "differentiable", False)
