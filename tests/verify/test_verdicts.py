"""What verdicts say of typical rewrites, and what they rest on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tapefix.verify import RunOptions, Verdict, VerdictStatus, Verifier

from .conftest import Judge, dedent

pytestmark = pytest.mark.tensorflow

SIMPLE = """
    import tensorflow as tf
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.square(x))
    g = tape.gradient(y, x)
    print(g)
    """
WATCHED = SIMPLE.replace("        y =", "        tape.watch(x)\n        y =")


def test_verdict_carries_its_figures(judge: Judge) -> None:
    verdict = judge(SIMPLE, WATCHED)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    (change,) = verdict.changes
    assert (change.line, change.after_line, change.target, change.source) == (5, 6, "y", "x")
    assert str(change.before) == "None"
    assert str(change.after) == "gradient float32 (3), norm 7.48331"
    assert change.check is not None
    assert change.check.unchecked is None
    assert change.check.by_tape == pytest.approx(change.check.by_differences, rel=1e-3)
    assert verdict.device.startswith("CPU:0") or verdict.device.startswith("GPU")
    assert verdict.tensorflow_version.startswith("2.")
    assert verdict.tolerance == 1e-4
    assert verdict.sandbox
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


TWO = """
    import tensorflow as tf
    x = tf.constant(2.0)
    z = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    with tf.GradientTape() as other:
        u = z * z
    print(tape.gradient(y, x))
    print(other.gradient(u, z))
    """


def test_claims_say_what_must_be_repaired(judge: Judge) -> None:
    half = TWO.replace("        y =", "        tape.watch(x)\n        y =")
    verdict = judge(TWO, half, claims=frozenset({8}))
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.still_none == ("z at line 9",)
    assert judge(TWO, half).status is VerdictStatus.REJECTED
    verdict = judge(TWO, half, claims=frozenset({9}))
    assert verdict.status is VerdictStatus.REJECTED
    assert "still None: the gradient of z at line 9" in verdict.reason


def test_tidying_needs_nothing_missing(judge: Judge) -> None:
    tidy = WATCHED.replace("GradientTape()", "GradientTape(persistent=True)")
    verdict = judge(tidy, WATCHED, claims=frozenset())
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.reason == "every gradient and value is unchanged"
    assert judge(tidy, WATCHED).status is VerdictStatus.REJECTED
    other = WATCHED.replace("tf.square(x)", "tf.square(x) * 1.01")
    assert judge(tidy, other, claims=frozenset()).status is VerdictStatus.REJECTED


def test_what_is_kept_must_be_come_by(judge: Judge) -> None:
    text = """
        import tensorflow as tf
        x = tf.Variable(2.0)
        def slope():
            with tf.GradientTape(persistent=True) as tape:
                y = x * x
            return tape.gradient(y, x)
        with tf.GradientTape() as tape:
            y = x * x * x
        print(tape.gradient(y, x))
        """
    tidy = text.replace("persistent=True", "")
    assert judge(text, tidy, claims=frozenset(), keeps=frozenset({9})).status is VerdictStatus.VERIFIED
    verdict = judge(text, tidy, claims=frozenset(), keeps=frozenset({6}))
    assert verdict.status is VerdictStatus.NOT_RUN
    assert verdict.unreached == frozenset({6})
    assert "query at line 6 was not reached" in verdict.reason


LOOP = """
    import tensorflow as tf
    w = tf.Variable([1.0, -1.0])
    data = tf.constant([[1.0, 2.0], [3.0, 4.0], [0.5, 0.1]])
    for step in range(100000):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.linalg.matvec(data, w).numpy() - 1.0))
        grad = tape.gradient(loss, w)
        if grad is not None:
            w.assign_sub(0.01 * grad)
        print(step, float(loss))
    """


def test_endless_training_is_sampled_and_masked(judge: Judge) -> None:
    right = LOOP.replace(".numpy()", "")
    verdict = judge(LOOP, right)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.seconds < 30
    # The learning rate is part of what was there: the counter-run, given `None` as before, must not show it, but a
    # loss that is scaled in later steps only does.
    wrong = right.replace("- 1.0))", "- 1.0)) * (1.0 + 0.1 * step)")
    verdict = judge(LOOP, wrong)
    assert verdict.status is VerdictStatus.REJECTED


def test_second_order_by_nested_tapes(judge: Judge) -> None:
    before = """
        import tensorflow as tf
        x = tf.Variable(2.0)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = tf.sin(x) * x ** 3
        first = inner.gradient(y, x)
        second = outer.gradient(first, x)
        print(first, second)
        """
    after = before.replace("        first =", "            first =")
    verdict = judge(before, after)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert [str(change.before) for change in verdict.repaired] == ["None"]


def test_function_is_judged_as_graph_and_by_value(judge: Judge) -> None:
    before = """
        import tensorflow as tf
        w = tf.Variable([[0.5], [0.25]])
        x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        scale = tf.constant(2.0)
        @tf.function
        def sensitivity(x):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(tf.tanh(tf.matmul(x, w)) * scale)
            return tape.gradient(y, x)
        print(sensitivity(x))
        """
    after = before.replace("        y = tf.red", "        tape.watch(x)\n                y = tf.red")
    verdict = judge(before, after)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert verdict.changes[0].check is not None
    assert verdict.changes[0].check.unchecked is None
    wrong = after.replace("* scale", "* scale * (1.0 if tf.executing_eagerly() else float(scale.numpy()))")
    assert judge(before, wrong).status is VerdictStatus.REJECTED


def test_file_without_entry_point_is_driven_through_one(warm: Verifier, verify_project: Path) -> None:
    package = verify_project / "kit"
    package.mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    module = package / "lib.py"
    before = dedent(
        """
        import tensorflow as tf
        def slope(x):
            with tf.GradientTape() as tape:
                y = x * x
            return tape.gradient(y, x)
        """
    )
    after = before.replace("        y =", "        tape.watch(x)\n        y =")
    module.write_text(before)
    (verify_project / "drive.py").write_text(
        "import sys\nimport tensorflow as tf\nfrom kit.lib import slope\nprint(sys.argv[1:], slope(tf.constant(3.0)))\n"
    )
    verdict = warm.judge(module, before, after)
    assert verdict.status is VerdictStatus.NOT_RUN
    assert "--run" in verdict.reason
    with Verifier(RunOptions(run="drive.py --fast", sandbox="off"), verify_project) as verifier:
        verdict = verifier.judge(module, before, after)
        assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
        assert verdict.sandbox.startswith("no sandbox (switched off)")
    assert module.read_text() == before


@pytest.mark.parametrize(
    ("message", "before", "after"),
    [
        ("side effect", "print(g)", "print(g)\n    print('debug')"),
        ("side effect", "print(g)", "print(g)\n    open('out.txt', 'w').write('x')"),
        ("raised ZeroDivisionError at line 8", "print(g)", "print(g)\n    1 / 0"),
        ("exited with code 3", "print(g)", "print(g)\n    raise SystemExit(3)"),
    ],
)
def test_what_a_rewrite_must_not_add(judge: Judge, message: str, before: str, after: str) -> None:
    verdict = judge(SIMPLE, WATCHED.replace(before, after))
    assert verdict.status is VerdictStatus.REJECTED
    assert message in verdict.reason


def test_times_and_random_numbers_in_the_output_are_forgiven(judge: Judge) -> None:
    clock = "    import time, random, os\n    print('took', time.time(), os.urandom(2).hex())\n"
    verdict = judge("\n" + clock + SIMPLE[1:], "\n" + clock + WATCHED[1:])
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason


def test_loop_unrolled_in_a_graph_is_seen_to_its_end(judge: Judge) -> None:
    before = """
        import tensorflow as tf
        weights = [tf.Variable(2.0), tf.Variable(3.0), tf.Variable(4.0)]
        @tf.function
        def sensitivities(x):
            with tf.GradientTape() as tape:
                y = tf.add_n([x * w * w for w in weights])
            found = []
            for w in weights:
                found.append(tape.gradient(y, w))
            return found
        print(sensitivities(tf.constant(1.5)))
        """
    after = before.replace("GradientTape()", "GradientTape(persistent=True)")
    verdict = judge(before, after)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert ["non-persistent" in str(change.before) for change in verdict.repaired] == [True]


def test_counter_run_may_fall_over_what_it_is_handed_behind_the_end_of_the_run_before(judge: Judge) -> None:
    # Before, the first query answers None and the second raises; the counter-run stacks what it is handed.
    before = """
        import tensorflow as tf
        x = tf.Variable([1.1, 2.3])
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = tf.reduce_prod(x) ** 2
            g = inner.gradient(y, x)
        rows = [outer.gradient(g[i], x) for i in range(2)]
        print(tf.stack(rows))
        """
    after = (
        before.replace("GradientTape() as outer", "GradientTape(persistent=True) as outer")
        .replace("        rows =", "            parts = tf.unstack(g)\n        rows =")
        .replace("g[i], x", "parts[i], x")
    )
    verdict = judge(before, after)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    wrong = after.replace("tf.unstack(g)", "tf.unstack(g * 1.7)")
    assert judge(before, wrong).status is VerdictStatus.REJECTED


def test_a_wrong_repair_does_not_hide_behind_a_query_of_equal_numbers(judge: Judge) -> None:
    before = """
        import tensorflow as tf
        x = tf.constant(2.0)
        with tf.GradientTape() as tape:
            y = x * x
        tape.gradient(y, x)
        with tf.GradientTape() as tape:
            z = x * x
        tape.gradient(z, x)
        """
    right = before.replace("            y =", "            tape.watch(x)\n            y =").replace(
        "            z =", "            tape.watch(x)\n            z ="
    )
    assert judge(before, right).status is VerdictStatus.VERIFIED
    verdict = judge(before, right.replace("z = x * x", "z = x * x * x"))
    assert verdict.status is VerdictStatus.REJECTED, verdict.reason


EARLY = """
    import tensorflow as tf
    layer = tf.keras.layers.Dense(1, kernel_initializer="ones")
    weights = layer.trainable_variables
    x = tf.constant([[1.0, 2.0]])
    for step in range(2):
        with tf.GradientTape() as tape:
            y = layer(x)
        grads = tape.gradient(y, weights)
        for weight, grad in zip(weights, grads):
            weight.assign_sub(0.1 * grad)
    print(len(grads))
    """


def test_the_gradient_of_nothing_is_a_missing_one(judge: Judge) -> None:
    moved = EARLY.replace("    weights = layer.trainable_variables\n", "", 1)
    moved = moved.replace("        grads =", "        weights = layer.trainable_variables\n        grads =")
    verdict = judge(EARLY, moved, claims=frozenset({8}))
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert {change.source for change in verdict.changes} == {"weights[0]", "weights[1]"}
    assert str(verdict.changes[0].before) == "nothing: the list of sources was empty"
    other = moved.replace("y = layer(x)", "y = 2.0 * layer(x)")
    verdict = judge(EARLY, other, claims=frozenset({8}))
    assert verdict.status is VerdictStatus.REJECTED
    assert "has another value" in verdict.reason


def test_nothing_is_verified_where_both_runs_end_before_any_query(judge: Judge) -> None:
    gone = SIMPLE.replace("    x = tf.constant", "    old = tf.contrib.eager\n    print('here')\n    x = tf.constant")
    verdict = judge(gone, gone.replace("    print('here')\n", ""), claims=frozenset())
    assert verdict.status is VerdictStatus.NOT_RUN
    assert "no query was reached" in verdict.reason
