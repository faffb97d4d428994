"""What a rewrite may change by declaration, and that nothing else passes for it."""

from __future__ import annotations

import json
import re

import pytest

from tapefix.allowance import Allowance, Allowed
from tapefix.finding import Applicability, Finding, Range, Rewrite
from tapefix.source.edits import Edit
from tapefix.verify import Verdict, VerdictStatus

from .conftest import Judge

pytestmark = pytest.mark.tensorflow

ROUNDED = """
    import tensorflow as tf
    x = tf.constant([0.3, 1.6, -0.7])
    with tf.GradientTape() as tape:
        tape.watch(x)
        q = tf.round(x * 2.0)
        y = tf.reduce_sum(q * q)
    print("loss", y.numpy())
    print(tape.gradient(y, x))
    """
ESTIMATED = ROUNDED.replace("tf.round(x * 2.0)", "x * 2.0 + tf.stop_gradient(tf.round(x * 2.0) - x * 2.0)")
SIGN = ROUNDED.replace("tf.round", "tf.sign")
PICKED = """
    import tensorflow as tf
    x = tf.constant([[0.3, 1.6, -0.7]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        scores = tf.nn.softmax(x)
        top = tf.argmax(scores, axis=1)
    print(f"score {top[0].numpy():.3f}")
    print(tape.gradient(top, x))
    """
SCORED = PICKED.replace("argmax", "reduce_max")
RIDGE = """
    import tensorflow as tf
    w, s = tf.Variable([[0.5], [-0.3]]), tf.Variable([2.0])
    x = tf.constant([[1.0, 2.0], [0.5, -1.0], [3.0, 0.2]])
    optimizer = tf.keras.optimizers.Adam(0.1)
    for step in range(3):
        with tf.GradientTape() as tape:
            fit = tf.reduce_mean((tf.matmul(x, w) * s - 1.0) ** 2).numpy()
            loss = fit + 0.1 * tf.reduce_sum(w ** 2)
        gradients = tape.gradient(loss, [w, s])
        optimizer.apply_gradients([(g, v) for g, v in zip(gradients, [w, s]) if g is not None])
        print(step, float(loss), [float(tf.reduce_sum(v)) for v in (w, s)])
    """
FITTED = RIDGE.replace(").numpy()\n", ")\n")
QUERY = 8
"""The line of the query in all but the ridge regression."""
ASKED = 9
"""Its line there."""


def allow(*allowances: Allowance, line: int = QUERY) -> Allowed:
    return Allowed({allowance: frozenset({line}) for allowance in allowances})


def test_a_straight_through_estimator_is_held_where_it_is_declared(judge: Judge) -> None:
    verdict = judge(ROUNDED, ESTIMATED, allowed=allow(Allowance.STRAIGHT_THROUGH))
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.reason.endswith("but for what the rewrite declares")
    assert any("straight-through" in text for text in verdict.allowed)
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


@pytest.mark.parametrize("allowed", [Allowed(), allow(Allowance.VALUE), allow(Allowance.STRAIGHT_THROUGH, line=3)])
def test_it_is_rejected_without_the_declaration(judge: Judge, allowed: Allowed) -> None:
    verdict = judge(ROUNDED, ESTIMATED, allowed=allowed)
    assert verdict.status is VerdictStatus.REJECTED
    assert "stopped gradient" in verdict.reason


def test_the_other_order_is_the_same_estimator(judge: Judge) -> None:
    after = ROUNDED.replace("tf.round(x * 2.0)", "x * 2.0 - tf.stop_gradient(x * 2.0 - tf.round(x * 2.0))")
    assert judge(ROUNDED, after, allowed=allow(Allowance.STRAIGHT_THROUGH)).status is VerdictStatus.VERIFIED


@pytest.mark.parametrize(
    "stopped",
    [
        "x * 2.0 * tf.stop_gradient(tf.round(x * 2.0) / (x * 2.0))",
        "x * 4.0 + tf.stop_gradient(tf.round(x * 2.0) - x * 2.0 - x * 2.0)",
    ],
)
def test_what_is_no_estimator_does_not_pass_for_one(judge: Judge, stopped: str) -> None:
    verdict = judge(ROUNDED, ROUNDED.replace("tf.round(x * 2.0)", stopped), allowed=allow(Allowance.STRAIGHT_THROUGH))
    assert verdict.status is VerdictStatus.REJECTED


def test_an_estimator_does_not_hide_another_stop(judge: Judge) -> None:
    before = ROUNDED.replace("q * q)", "q * q * x)").replace("tf.round(x * 2.0)", "tf.round(x * 2.0) + tf.round(x)")
    after = before.replace(
        "tf.round(x * 2.0) + tf.round(x)",
        "x + tf.stop_gradient(tf.round(x * 2.0) - x) + tf.stop_gradient(tf.round(x) + x * 0.0)",
    ).replace("q * q * x", "q * q * tf.stop_gradient(x)")
    verdict = judge(before, after, allowed=allow(Allowance.STRAIGHT_THROUGH))
    assert verdict.status is VerdictStatus.REJECTED


def test_zeros_count_as_missing_where_that_is_declared(judge: Judge) -> None:
    after = ESTIMATED.replace("tf.round", "tf.sign")
    both = allow(Allowance.STRAIGHT_THROUGH, Allowance.ZERO)
    verdict = judge(SIGN, after, allowed=both)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.changes[0].before.state == "zero"
    assert str(verdict.changes[0].before) == "zeros float32 (3)"
    assert judge(SIGN, after, allowed=allow(Allowance.STRAIGHT_THROUGH)).status is VerdictStatus.REJECTED
    unchanged = judge(SIGN, SIGN + "\n", allowed=both)
    assert unchanged.status is VerdictStatus.REJECTED
    assert "still zero" in unchanged.reason


def test_a_target_gets_another_value_where_that_is_declared(judge: Judge) -> None:
    verdict = judge(PICKED, SCORED, allowed=allow(Allowance.VALUE))
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.allowed == (
        f"the value of the target of line {QUERY} changed from 1 to 0.728443, as the rewrite declares",
    )
    assert judge(PICKED, SCORED).status is VerdictStatus.REJECTED


def test_nothing_else_gets_another_value(judge: Judge) -> None:
    other = SCORED.replace("top[0].numpy():", "top[0].numpy() * 2:")
    assert "printed output differs" in judge(PICKED, other, allowed=allow(Allowance.VALUE)).reason
    shaped = SCORED.replace("axis=1)", "axis=1, keepdims=True)").replace("top[0]", "top[0, 0]")
    assert "has shape (1, 1)" in judge(PICKED, shaped, allowed=allow(Allowance.VALUE)).reason
    stopped = SCORED.replace("softmax(x)", "softmax(x + tf.stop_gradient(x) * 0.1)")
    assert judge(PICKED, stopped, allowed=allow(Allowance.VALUE)).status is VerdictStatus.REJECTED


def test_another_query_keeps_its_values(judge: Judge) -> None:
    before = PICKED.replace("as tape:", "as tape, tf.GradientTape() as other:").replace(
        "        top =", "        other.watch(x)\n        best = tf.reduce_sum(tf.square(x))\n        top ="
    )
    before = before.rstrip() + "\n    print(other.gradient(best, x))\n"
    after = before.replace("argmax", "reduce_max")
    assert judge(before, after, allowed=allow(Allowance.VALUE, line=10)).status is VerdictStatus.VERIFIED
    moved = after.replace("tf.square(x)", "tf.square(x) * 2.0")
    assert judge(before, moved, allowed=allow(Allowance.VALUE, line=10)).status is VerdictStatus.REJECTED


def test_a_gradient_gains_the_part_that_it_lacked_where_that_is_declared(judge: Judge) -> None:
    # Three steps of Adam: after the first one, nothing would be as before, were the old answers not handed back.
    verdict = judge(RIDGE, FITTED, allowed=allow(Allowance.WHOLE, line=ASKED))
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    (said,) = verdict.allowed
    assert "the gradient of w (line 9) lacked a part" in said and "by differences" in said
    refused = judge(RIDGE, FITTED, allowed=allow(Allowance.WHOLE, line=3))
    assert refused.status is VerdictStatus.REJECTED
    assert "the gradient of w (line 9) worked before and differs after" in refused.reason
    assert "--allow whole" in refused.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("loss = fit", "loss = fit * 1.1", "has another value"),
        ("* s - 1.0", "* s - tf.stop_gradient(s) + s - 1.0", "is wrong|hides a part"),
        ("0.1 * tf.reduce_sum(w ** 2)", "0.1 * tf.reduce_sum(tf.stop_gradient(w) ** 2)", "hides a part"),
        ("Adam(0.1)", "Adam(0.2)", "printed output differs"),
        ("print(step,", "print(step + 1,", "printed output differs"),
    ],
)
def test_it_gains_nothing_else(judge: Judge, old: str, new: str, reason: str) -> None:
    verdict = judge(RIDGE, FITTED.replace(old, new), allowed=allow(Allowance.WHOLE, line=ASKED))
    assert verdict.status is VerdictStatus.REJECTED
    assert re.search(reason, verdict.reason), verdict.reason


def test_a_gradient_lacks_nothing_where_none_is_missing_by_its_tape(judge: Judge) -> None:
    detached = RIDGE.replace("[w, s]", "[w]")
    verdict = judge(detached, detached.replace(").numpy()\n", ")\n"), allowed=allow(Allowance.WHOLE, line=ASKED))
    assert verdict.status is VerdictStatus.REJECTED
    assert "--allow whole" not in verdict.reason


def test_sparse_answers_are_handed_back_as_such(judge: Judge) -> None:
    before = """
    import tensorflow as tf
    table, s = tf.Variable(tf.reshape(tf.range(8.0), [4, 2])), tf.Variable([2.0])
    optimizer = tf.keras.optimizers.Adam(0.1)
    for step in range(3):
        with tf.GradientTape() as tape:
            rows = tf.gather(table, [step, 3])
            fit = tf.reduce_mean((rows * s - 1.0) ** 2).numpy()
            loss = fit + 0.1 * tf.reduce_sum(rows)
        gradients = tape.gradient(loss, [table, s])
        print(type(gradients[0]).__name__)
        optimizer.apply_gradients([(g, v) for g, v in zip(gradients, [table, s]) if g is not None])
        print(step, table.numpy().tolist())
    """
    verdict = judge(before, before.replace(").numpy()\n", ")\n"), allowed=allow(Allowance.WHOLE, line=ASKED))
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert any("lacked a part" in text for text in verdict.allowed)


def test_a_safe_rewrite_declares_nothing() -> None:
    rewrite = Rewrite("Do it", (Edit(0, 1, "x"),), frozenset({Allowance.VALUE}))
    with pytest.raises(ValueError, match="safe rewrite"):
        Finding("TPF999", "rule", "message", Range(1, 0, 1, 1), Applicability.SAFE, rewrite)
