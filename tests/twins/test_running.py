"""Every twin against NumPy, on random values: results, shapes, dtypes, and the gradient against central differences."""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tapefix.tapes.twins import KNOWN, UNCHANGED, Twin
from tests.twins.asking import Asked, Expression, Value, name_of
from tests.twins.cases import CASES, WHOLE

pytestmark = pytest.mark.tensorflow
SCIPY = {
    name: pytest.importorskip(f"scipy.{module}", reason="SciPy's functions are compared with SciPy")
    for name, module in (
        ("special", "special"), ("stats", "stats"), ("distance", "spatial.distance"), ("linalg", "linalg"),
    )
}  # fmt: skip

SCALARS = ("math.", "float(")
PRECISE = {"f", "n", "fT"}
"""Names whose dtype the table must know: TensorFlow mixes none."""
CONSTANTS = ("K", "I", "mask", "indices", "where")
PLAIN = {"number": 0, "number2": -1, "number3": 3, "order3": (2, 0, 1)}


@pytest.fixture(scope="module")
def tf() -> Any:
    import tensorflow

    return tensorflow


@dataclass(frozen=True)
class Draw:
    """The choices of one example."""

    seed: int
    dtype: str
    rank: int
    axis: int
    axes: object
    keep: bool
    known: bool
    """Whether the table is told the ranks and the precise dtype."""
    variable: bool
    """Whether the tensors are variables."""


@st.composite
def draws(draw: st.DrawFn) -> Draw:
    rank = draw(st.integers(1, 3))
    axis = draw(st.integers(-rank, rank - 1))
    axes = draw(st.sampled_from([None, axis, (axis,), tuple(range(rank))]))
    return Draw(
        draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from(["float32", "float64"])), rank, axis, axes,
        draw(st.booleans()), draw(st.booleans()), draw(st.booleans()),
    )  # fmt: skip


def text_of(case: str, choice: Draw) -> str:
    rank = choice.rank if re.search(r"\ba\b", case) else 2
    axis = choice.axis if rank == choice.rank else choice.axis % 2 - (choice.axis < 0) * 2
    axes = choice.axes if rank == choice.rank else axis
    return case.format(axis=axis, axes=axes, keep=choice.keep, dtype=f"np.{choice.dtype}") if "{" in case else case


def arrays_of(case: str, choice: Draw) -> dict[str, Any]:
    """The values of all names, in float64."""
    rng = np.random.default_rng(choice.seed)
    rows, columns = (int(n) for n in rng.integers(2, 5, 2))
    shape = () if case.startswith(SCALARS) else (rows, columns)
    # Away from 0, where many functions have a kink, and from each other.
    away = rng.uniform(0.05, 1.5, tuple(int(n) for n in rng.integers(2, 4, choice.rank)))
    root = rng.normal(size=(rows, rows))
    return {
        "a": away * rng.choice([-1, 1], away.shape),
        "t": rng.uniform(0.05, 1.5, (rows, columns)) * rng.choice([-1, 1], (rows, columns)),
        "b": rng.normal(size=(rows, columns)),
        "v": rng.normal(size=columns),
        "w": rng.normal(size=columns),
        "s": rng.normal(),
        "x": rng.uniform(-0.9, 0.9, shape),
        "q": rng.uniform(0.1, 0.9, shape),
        "r": rng.uniform(0.1, 0.9, shape),
        "p": rng.uniform(0.3, 2.5, shape),
        "g": rng.uniform(1.2, 3.0, shape),
        "m": root @ root.T + np.eye(rows) + np.diag(np.arange(rows)),
        "h": rng.normal(size=(rows, 2)),
        "z": rng.normal(size=rows),
        "k": rng.normal(size=(2, 3, 4)),
        "e": rng.normal(size=(4, 2)),
        "u4": rng.normal(size=4),
        "z3": rng.normal(size=4),
        "c": rng.normal(size=3),
        "c2": rng.normal(size=3),
        "cs": rng.normal(size=(2, 3)),
        "f": rng.normal(size=(rows, columns)),
        "fT": rng.normal(size=(columns, rows)),
        "n": rng.integers(-2, 3, (rows, columns)),
        "one": rng.normal(size=(1, 3, 1)),
        "one_value": rng.normal(size=(1, 1)),
        "K": rng.normal(size=(rows, columns)),
        "I": rng.integers(1, 4, (rows, columns)),
        "mask": np.arange(rows * columns).reshape(rows, columns) % 3 != 1,
        "indices": np.array([1, -1, 0]),
        "where": rng.integers(-columns, columns, (rows, 2)),
        "vectors": [rng.normal(size=columns) for _ in range(2)],
        **PLAIN,
    }


def other(dtype: str) -> str:
    return "float64" if dtype == "float32" else "float32"


def typed(arrays: dict[str, Any], dtype: str) -> dict[str, Any]:
    """The values as the program holds them before the repair."""
    result: dict[str, Any] = {}
    for name, value in arrays.items():
        if name in CONSTANTS or name in PLAIN or name == "n":
            result[name] = value
        elif name == "vectors":
            result[name] = [vector.astype(dtype) for vector in value]
        else:
            # A scalar of NumPy, as an array of rank 0 becomes on the way; so is what `.numpy()` gives.
            result[name] = np.asarray(value, other(dtype) if name in ("f", "fT") else dtype)[()]
    return result


def values_of(values: dict[str, Any], case: str, known: bool, variable: bool) -> dict[str, Value]:
    """What the table is told of each name."""
    told: dict[str, Value] = {}
    names = {node.id for node in ast.walk(ast.parse(case, mode="eval")) if isinstance(node, ast.Name)}
    for name, value in values.items():
        if name in PLAIN:
            kind = {"number": "scalar"}.get(name, "unknown")
            told[name] = Value(kind)
        elif name == "vectors":
            told[name] = Value("sequence")
        elif name in CONSTANTS:
            told[name] = Value("ndarray", {"f": "float64", "i": "integer", "b": "bool"}[value.dtype.kind], value.ndim)
        elif name == "n":
            told[name] = Value("tensor", "int64", 2)
        else:
            precise = known or names & PRECISE
            told[name] = Value(
                "variable" if variable else "tensor",
                str(value.dtype) if precise else "floating",
                np.ndim(value) if known else None,
            )
    return told


@cache
def known_as(name: str) -> bool:
    return {known.name: known.differentiable for known in KNOWN}[name]


def asked(case: str, choice: Draw, values: dict[str, Any]) -> Asked:
    text = text_of(case, choice)
    answer = Expression(text, values_of(values, text, choice.known, choice.variable)).ask()
    if not isinstance(answer.answer, Twin):
        # Some twins depend on the rank, and say so.
        answer = Expression(text, values_of(values, text, True, choice.variable)).ask()
    return answer


def flat(result: Any) -> list[Any]:
    nested = isinstance(result, list | tuple) or type(result).__name__ == "TensorShape"
    return [leaf for part in result for leaf in flat(part)] if nested else [result]


def run(text: str, names: dict[str, Any], tf: Any = None) -> list[Any]:
    return flat(eval(text, {"np": np, "math": math, "tf": tf, **SCIPY}, dict(names)))


def check_values(case: str, answer: Asked, expected: list[Any], found: list[Any], dtype: str) -> None:
    assert len(expected) == len(found), answer.text
    loose = dtype == "float32" or "float32" in case or "np.single" in case or "f " in answer.text
    half = "float16" in case or "half" in case
    for old, new in zip(expected, found, strict=True):
        if isinstance(old, np.dtype):
            assert old == np.dtype(new)
            continue
        old_array, new_array = np.asarray(old), np.asarray(new)
        assert old_array.shape == new_array.shape, answer.text
        relative = 2e-3 if half else 3e-5 if loose else 1e-9
        scale = 1 + float(np.abs(old_array).max(initial=0)) if old_array.dtype.kind == "f" else 0.0
        np.testing.assert_allclose(new_array, old_array, rtol=relative, atol=relative * scale, err_msg=answer.text)
        number = isinstance(old, int | float | bool) and not isinstance(old, np.generic)
        if not number and answer.answer is not UNCHANGED and not getattr(answer.answer, "note", ""):
            assert old_array.dtype == new_array.dtype, answer.text


def total(results: list[Any]) -> float:
    return float(sum((np.asarray(part, np.float64) * (1 + index)).sum() for index, part in enumerate(results)))


def check_gradient(case: str, arrays: dict[str, Any], choice: Draw, tf: Any) -> None:
    """Compare the tape's derivative along a random direction with NumPy's central difference."""
    text = text_of(case, choice)
    used = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    moved = {n for n in used & set(arrays) if n not in CONSTANTS and n not in PLAIN and n not in ("n", "vectors")}
    values = typed(arrays, "float64") | {n: np.asarray(arrays[n], np.float64)[()] for n in ("f", "fT")}
    answer = asked(case, choice, values)
    rng = np.random.default_rng(choice.seed + 1)
    directions = {n: rng.normal(size=np.shape(values[n])) for n in sorted(moved)}
    if "m" in directions:
        directions["m"] += directions["m"].T
    tensors = {n: tf.Variable(values[n]) if choice.variable else tf.constant(values[n]) for n in moved}
    with tf.GradientTape() as tape:
        tape.watch(list(tensors.values()))
        found = run(answer.text, values | tensors | {"n": tf.constant(values["n"])}, tf)
        target = tf.add_n([tf.reduce_sum(tf.cast(part, tf.float64)) * (1.0 + i) for i, part in enumerate(found)])
    # A gradient through tf.gather comes as tf.IndexedSlices.
    gradients = {n: g if g is None else tf.convert_to_tensor(g) for n, g in tape.gradient(target, tensors).items()}
    reached = {n for n, gradient in gradients.items() if gradient is not None}
    assert reached, f"no gradient through {answer.text}"
    if re.search("float(16|32)|half|single", text):
        return  # too coarse for a difference
    slope = sum(float(np.sum(gradients[n].numpy() * directions[n])) for n in reached)
    step = 1e-6
    ahead, behind = (
        total(run(text, values | {n: (values[n] + sign * directions[n])[()] for n in reached}))
        for sign in (step, -step)
    )
    difference = (ahead - behind) / (2 * step)
    assert slope == pytest.approx(difference, rel=2e-4, abs=2e-4 * (1 + abs(total(run(text, values))))), answer.text


@pytest.mark.parametrize("case", CASES)
def test_a_twin_gives_what_numpy_gives(case: str, tf: Any) -> None:
    @settings(
        max_examples=4, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(draws())
    def check(choice: Draw) -> None:
        arrays = arrays_of(case, choice)
        values = typed(arrays, choice.dtype)
        answer = asked(case, choice, values)
        assert isinstance(answer.answer, Twin), answer.answer
        tensors = {
            name: [tf.constant(part) for part in value]
            if name == "vectors"
            else tf.Variable(value)
            if choice.variable and name != "n"
            else tf.constant(value)
            for name, value in values.items()
            if name not in CONSTANTS and name not in PLAIN
        }
        expected = run(text_of(case, choice), values)
        found = run(answer.text, values | tensors, tf)
        check_values(case, answer, expected, found, choice.dtype)
        passes = (
            answer.answer.differentiable and known_as(name_of(case)) and case not in WHOLE and "vectors" not in case
        )
        if passes and all(np.asarray(part).dtype.kind == "f" for part in expected):
            check_gradient(case, arrays, choice, tf)

    check()
