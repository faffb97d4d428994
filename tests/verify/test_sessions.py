"""The verdict on scripts that trained a graph in a session: what may differ afterwards, which is nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tapefix.allowance import Allowance, Allowed
from tapefix.verify import RunOptions, Verdict, VerdictStatus, Verifier
from tapefix.verify.runs import RunRequest

pytestmark = pytest.mark.tensorflow

BEFORE = """\
import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
data = rng.rand(12, 3)
x = tf.placeholder(tf.float32, [None, 3])
y = tf.placeholder(tf.float32, [None])
w = tf.Variable(tf.random_normal([3]))
b = tf.Variable(0.5)
loss = tf.reduce_mean(tf.square(tf.reduce_sum(x * w, axis=1) + b - y))
train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(6):
        _, value = sess.run([train, loss], {x: data, y: data[:, 0]})
    print(step)
    learned = sess.run(b)
"""
AFTER = """\
import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
data = rng.rand(12, 3)
w = tf.Variable(tf.random.normal([3]))
b = tf.Variable(0.5)
optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)


def train_step(x, y):
    x = tf.convert_to_tensor(x, tf.float32)
    y = tf.convert_to_tensor(y, tf.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.reduce_sum(x * w, axis=1) + b - y))
    variables = [w, b]
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss.numpy()


for step in range(6):
    value = train_step(data, data[:, 0])
print(step)
learned = b.numpy()
"""


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verifier]:
    with Verifier(RunOptions(device="cpu"), project=tmp_path_factory.mktemp("sessions")) as started:
        yield started


def judged(verifier: Verifier, before: str, after: str) -> Verdict:
    allowed = Allowed.everywhere([Allowance.GRAPH])
    return verifier.judge(Path(verifier.project, "script.py"), before, after, allowed=allowed)


def test_the_same_training_is_verified(verifier: Verifier) -> None:
    verdict = judged(verifier, BEFORE, AFTER)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert "6 steps of training" in verdict.reason and "7 fetched values" in verdict.reason
    assert {change.source for change in verdict.changes} == {"Variable", "Variable_1"}
    assert all(change.before.state == "graph" and change.after.state == "gradient" for change in verdict.changes)
    assert all(change.check is not None and change.check.unchecked is None for change in verdict.changes)
    assert any("initial values" in note and "Variable" in note for note in verdict.notes)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("SGD(0.1,", "SGD(0.11,", "the loss of step 2 differs"),
        ("momentum=0.9", "momentum=0.8", "the loss of step 3 differs"),
        ("+ b - y))", "+ b - y)) * 1.01", "the loss of step 1 differs"),
        ("variables = [w, b]", "variables = [w]", "`Variable_1` has another value, or another gradient, in step 1"),
        ("+ b - y", "+ tf.stop_gradient(b) - y", "`Variable_1` has another value, or another gradient, in step 1"),
        ("tf.Variable(0.5)", "tf.Variable([0.5])", "in step 1"),
        ("return loss.numpy()", "return loss.numpy() * 1.0 + b.numpy() * 0.0", "fetched"),
        ("learned = b.numpy()", "learned = 0.0", "7 values were fetched before, and 6 are after"),
        ("learned = b.numpy()", "learned = w.numpy()", "what is fetched in line 17"),
        ("range(6)", "range(7)", "6 steps of training were taken before, and 7 are after"),
        ("print(step)", "print(step + 1)", "the printed output differs"),
        ("print(step)", "print(step)\nopen('left.txt', 'w').close()", "an extra side effect"),
        ("print(step)", "raise ValueError(step)", "the run after raised ValueError"),
    ],
)
def test_another_training_is_rejected(verifier: Verifier, old: str, new: str, reason: str) -> None:
    assert old in AFTER
    verdict = judged(verifier, BEFORE, AFTER.replace(old, new))
    assert verdict.status is VerdictStatus.REJECTED
    assert reason in verdict.reason


def test_what_does_not_run_under_tensorflow_1_either_has_no_verdict(verifier: Verifier) -> None:
    verdict = judged(verifier, BEFORE.replace("import numpy", "import numpy_of_2016"), AFTER)
    assert verdict.status is VerdictStatus.NOT_RUN
    assert "ModuleNotFoundError" in verdict.reason


def test_a_graph_that_nobody_trains_has_no_verdict(verifier: Verifier) -> None:
    before = BEFORE.replace("sess.run([train, loss]", "sess.run([loss, loss]")
    verdict = judged(verifier, before, AFTER)
    assert verdict.status is VerdictStatus.NOT_RUN
    assert "no step of training" in verdict.reason


BEFORE_LAYERS = """\
import numpy as np
import tensorflow as tf

x = tf.placeholder(tf.float32, [None, 3])
hidden = tf.layers.dense(x, 3, activation=tf.nn.tanh)
scale = tf.get_variable("scale", [3, 1])
loss = tf.reduce_mean(tf.square(tf.matmul(tf.layers.dense(hidden, 3), scale) - 1.0))
train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(4):
        sess.run(train, {x: np.ones((2, 3))})
"""
AFTER_LAYERS = """\
import numpy as np
import tensorflow as tf

hidden_layer = tf.keras.layers.Dense(3, activation=tf.nn.tanh)
scale = tf.compat.v1.get_variable("scale", [3, 1])
loss_layer = tf.keras.layers.Dense(3)
optimizer = tf.keras.optimizers.SGD(0.1)


def train_step(x):
    x = tf.convert_to_tensor(x, tf.float32)
    with tf.GradientTape() as tape:
        hidden = hidden_layer(x)
        loss = tf.reduce_mean(tf.square(tf.matmul(loss_layer(hidden), scale) - 1.0))
    variables = tape.watched_variables()
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))


for step in range(4):
    train_step(np.ones((2, 3)))
"""


def test_layers_that_this_tensorflow_has_no_more_are_made_up_for(verifier: Verifier) -> None:
    verdict = judged(verifier, BEFORE_LAYERS, AFTER_LAYERS)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert {change.source for change in verdict.changes} == {
        *("dense/kernel", "dense/bias", "scale"),
        *("dense_1/kernel", "dense_1/bias"),
    }
    assert any("`tf.layers.dense`" in note and "TensorFlow 1 documents" in note for note in verdict.notes)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("activation=tf.nn.tanh", "activation=tf.nn.relu", "the loss of step 1 differs"),
        ("Dense(3)", "Dense(3, use_bias=False)", "`dense_1/bias` has another value"),
        ("variables = tape.watched_variables()", "variables = hidden_layer.trainable_weights", "in step 1"),
        ("SGD(0.1)", "Adam(0.1)", "the loss of step 2 differs"),
    ],
)
def test_other_layers_are_rejected(verifier: Verifier, old: str, new: str, reason: str) -> None:
    assert old in AFTER_LAYERS
    verdict = judged(verifier, BEFORE_LAYERS, AFTER_LAYERS.replace(old, new))
    assert verdict.status is VerdictStatus.REJECTED
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("", "", ""),
        ('write("./kept")', 'write("kept")', ""),
        ("w=w, b=b", "b=b", "what line 17 saves to ./kept differs"),
        ('write("./kept")', 'write("./other")', "what line 17 saves to ./kept differs"),
        ('checkpoint.write("./kept")', "pass", "1 files of variables were saved before, and 0 are after"),
    ],
)
def test_what_is_saved_is_compared(verifier: Verifier, old: str, new: str, reason: str) -> None:
    before = BEFORE.replace("    learned =", '    tf.train.Saver().save(sess, "./kept")\n    learned =')
    kept = 'checkpoint = tf.train.Checkpoint(w=w, b=b)\ncheckpoint.write("./kept")\n'
    after = AFTER.replace("learned =", kept + "learned =")
    verdict = judged(verifier, before, after.replace(old, new) if old else after)
    assert verdict.status is (VerdictStatus.REJECTED if reason else VerdictStatus.VERIFIED), verdict.reason
    assert (reason or "the variables in 1 saved file") in verdict.reason


BEFORE_SUMMARY = (
    BEFORE.replace("with tf", "tf.summary.scalar('loss', loss)\ntf.summary.histogram('w', w)\nwith tf")
    .replace(
        "    for step", "    merged = tf.summary.merge_all()\n    writer = tf.summary.FileWriter('logs')\n    for step"
    )
    .replace(
        "    print(step)", "    writer.add_summary(sess.run(merged, {x: data, y: data[:, 0]}), step)\n    print(step)"
    )
)
WRITTEN = """\
x, y = tf.constant(data, tf.float32), tf.constant(data[:, 0], tf.float32)
with tf.summary.create_file_writer("logs").as_default(step):
    tf.summary.scalar("loss", tf.reduce_mean(tf.square(tf.reduce_sum(x * w, axis=1) + b - y)))
    tf.summary.histogram("w", w)
"""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("", "", ""),
        ('"loss", tf', '"cost", tf', "the summary that line 20 writes differs: `loss` of step 5"),
        ("as_default(step)", "as_default(step + 1)", "the summary that line 20 writes differs"),
        ("b - y)))", "b - y)) * 1.01)", "the summary that line 20 writes differs"),
        ('"w", w', '"w", w * 1.01', "the summary that line 20 writes differs: `w` of step 5"),
        ('    tf.summary.histogram("w", w)\n', "", "2 summaries were written before, and 1 are after"),
    ],
)
def test_summaries_are_compared(verifier: Verifier, old: str, new: str, reason: str) -> None:
    assert old in WRITTEN
    after = AFTER.replace("print(step)", (WRITTEN.replace(old, new) if old else WRITTEN) + "print(step)")
    verdict = judged(verifier, BEFORE_SUMMARY, after)
    assert verdict.status is (VerdictStatus.REJECTED if reason else VerdictStatus.VERIFIED), verdict.reason
    assert (reason or "2 summaries") in verdict.reason


def test_the_next_run_is_eager_again(verifier: Verifier) -> None:
    path = Path(verifier.project, "script.py")
    text = "import tensorflow as tf\nprint(tf.executing_eagerly(), hasattr(tf, 'placeholder'))\n"
    graphs = verifier._run(path, RunRequest(text, graph=True))
    assert [printed.text for printed in graphs.prints] == ["False True\n"]
    assert [printed.text for printed in verifier.evidence(path, text).prints] == ["True False\n"]


def test_a_long_training_is_compared_as_far_as_both_runs_come(verifier: Verifier) -> None:
    before, after = (text.replace("range(6)", "range(10**7)") for text in (BEFORE, AFTER))
    verdict = judged(verifier, before, after)
    assert verdict.status is VerdictStatus.VERIFIED, verdict.reason
    assert "the first 20 steps of training" in verdict.reason
