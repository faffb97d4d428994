"""Graphs that are trained in a session: what is left alone, and the reason that is given for it."""

from __future__ import annotations

import pytest

from tapefix.engine import check, repair
from tapefix.registry import find_rule, load_rules

RULES = [find_rule(load_rules(), "session-training")]
SCRIPT = """\
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
data = np.ones((4, 2))
x = tf.placeholder(tf.float32, [None, 2])
w = tf.Variable(tf.zeros([2, 1]))
pred = tf.matmul(x, w)
loss = tf.reduce_mean(tf.square(pred - 1.0))
train = tf.train.AdamOptimizer(0.1).minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(3):
        sess.run(train, {x: data})
    print(sess.run(pred, {x: data}))
"""


def advice(text: str) -> str:
    """The reason why a script is named and not rewritten."""
    found = check(text, RULES)
    assert [finding.rewrite for finding in found] == [None]
    return found[0].reason


def test_the_script_itself_is_rewritten() -> None:
    text = repair(SCRIPT, RULES, unsafe=True).text
    assert "GradientTape" in text and "Session" not in text and "compat" not in text
    assert repair(text, RULES, unsafe=True).text == text


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("with tf.Session() as sess", "with tf.Session('grpc://host') as sess", "opened for another process"),
        (
            "with tf.Session() as sess:",
            "with tf.Session() as sess, open('log') as log:",
            "together with something else",
        ),
        ("    sess.run(tf.global_variables_initializer())\n", "", "where the variables are given their first values"),
        ("    for step", "    sess.run(tf.global_variables_initializer())\n    for step", "more than once"),
        ("sess.run(train, {x: data})", "sess.run(train, {x: data}, options=None)", "given options"),
        ("sess.run(train, {x: data})", "sess.run(train)", "is not fed `x`"),
        ("sess.run(train, {x: data})", "sess.run(train, {x: data, pred: data})", "something else than a placeholder"),
        ("sess.run(train, {x: data})", "sess.run(train, feed(step))", "feeds is not known"),
        ("sess.run(train, {x: data})", "sess.run([train, w], {x: data})", "before or after the step is open"),
        ("print(sess.run(pred, {x: data}))", "print(pred)", "`pred` is used in line 14"),
        ("print(sess.run(pred, {x: data}))", "w = sess.run(w)", "`w` is another thing"),
        ("x, w)", "x, w, name=NAME)\nNAME = None", "`NAME` is another thing"),
        ("tf.square(pred", "tf.nn.dropout(pred", "random numbers"),
        ("tf.square(pred", "tf.unheard_of(pred", "`tf.unheard_of`"),
        ("tf.square(pred", "tf.layers.batch_normalization(pred", "`tf.layers`"),
        ("tf.square(pred", "tf.layers.dense(pred", "`tf.layers.dense` is given"),
        ("tf.square(pred - 1.0)", "tf.layers.dense(inputs=pred, units=2, reuse=True)", "more than its twin"),
        ("tf.square(pred - 1.0)", "tf.layers.dense(x, 2, name='a/b')", "the settings of a layer"),
        ("with tf.Session()", "with tf.variable_scope('a', reuse=True), tf.Session()", "by their names"),
        (".minimize(loss)", ".minimize(loss, tf.train.get_global_step())", "are counted"),
        ("minimize(loss)", "minimize(loss, aggregation_method=2)", "besides the loss"),
        ("AdamOptimizer(0.1)", "SyncReplicasOptimizer(0.1)", "TensorFlow 2 has no `tf.train.SyncReplicasOptimizer`"),
        ("loss = ", "for _ in range(2): pred = tf.tanh(pred)\nloss = ", "in a loop, under a condition, or in a block"),
        ("import numpy as np", "import numpy as np\nfrom tensorflow.python.ops import rnn", "has no place"),
    ],
)
def test_what_is_not_known_to_be_the_same_is_named(old: str, new: str, reason: str) -> None:
    assert old in SCRIPT
    text = SCRIPT.replace(old, new)
    assert reason in advice(text)
    assert repair(text, RULES, unsafe=True).text == text


HELPED = SCRIPT.replace(
    "data =", "SIZE = 3\ndef net(inputs):\n    return tf.layers.dense(inputs, SIZE)\ndata ="
).replace("tf.matmul(x, w)", "net(tf.matmul(x, w))")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("= net(tf.matmul(x, w))", "= net(net(tf.matmul(x, w)))", "`net` makes layers, and is not just called once"),
        ("net(tf.matmul(x, w))", "sum(net(x) for _ in range(2)) + tf.matmul(x, w)", "is not just called once"),
        ("SIZE = 3\n", "", "the settings of a layer are not known where the function"),
        ("data =", "SIZE = 4\ndata =", "the settings of a layer are not known where the function"),
        ("inputs, SIZE", "inputs, int(inputs.shape[1])", "the settings of a layer are not known where the function"),
        ("    return", "    if SIZE:\n        return", "in a loop, or under a condition"),
        ("tf.layers.dense(", "tf.layers.dropout(", "random numbers"),
        ("with tf.Session", "saver = tf.train.Saver()\nother = net\nwith tf.Session", "is not just called once"),
    ],
)
def test_a_function_whose_layers_are_not_known_is_named(old: str, new: str, reason: str) -> None:
    assert "net_layer = tf.keras.layers.Dense(SIZE)\n\n\ndef net(" in repair(HELPED, RULES, unsafe=True).text
    assert old in HELPED
    assert reason in advice(HELPED.replace(old, new))


def test_a_layer_that_nothing_trains_is_not_saved() -> None:
    text = SCRIPT.replace("with tf.S", "more = tf.layers.dense(pred, 2)\nsaver = tf.train.Saver()\nwith tf.S")
    assert "a layer that is not trained" in advice(text)


SAVED = SCRIPT.replace("with tf.Session()", "saver = tf.train.Saver()\nwith tf.Session()").replace(
    "    print(sess", "        saver.save(sess, 'kept/w', global_step=step)\n    print(sess"
)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Saver()", "Saver([w])", "what the saver keeps"),
        ("Saver()", "Saver(keep_checkpoint_every_n_hours=1)", "what the saver keeps"),
        ("save(sess, 'kept/w', global_step=step)", "save(sess, 'kept/w', latest_filename='c')", "in a way that is not"),
        ("save(sess, 'kept/w', global_step=step)", "recover_last_checkpoints([])", "in a way that is not known"),
        ("        saver.save(", "        saver.save(sess, 'w')\n        saver.save(", "to more than one place"),
        ("'kept/w'", "'kept/%d' % step", "is not known where it is made"),
        ("global_step=step)", "global_step=step + sess.run(w))", "in a way that is not known"),
        ("saver.save(sess, 'kept/w', global_step=step)", "keep(saver)", "`saver` is used in line 15"),
        (
            "saver.save(sess, 'kept/w', global_step=step)",
            "saver.save(sess, tf.train.latest_checkpoint('kept'))",
            "what was saved last is asked for",
        ),
        ("w = tf.Variable", "w = tf.Variable(1.0)\nw = tf.Variable", "no names that tell them apart"),
    ],
)
def test_a_saver_that_is_not_known_to_keep_the_same_is_named(old: str, new: str, reason: str) -> None:
    assert "CheckpointManager" in repair(SAVED, RULES, unsafe=True).text
    assert old in SAVED
    assert reason in advice(SAVED.replace(old, new))


SUMMED = (
    SCRIPT.replace("with tf", "a = tf.summary.scalar('a', loss)\nmerged = tf.summary.merge_all()\nwith tf")
    .replace("        sess.run(train, ", "        s, _ = sess.run([merged, train], ")
    .replace("    print(sess", "        out.add_summary(s, step)\n    print(sess")
    .replace("    for step", "    out = tf.summary.FileWriter('logs', sess.graph)\n    for step")
)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("scalar('a', loss)", "scalar('a' + str(3), loss)", "what a summary is called"),
        ("scalar('a', loss)", "scalar('a', loss, family='f')", "what a summary is called"),
        ("a = tf", "tf.summary.image('b', x)\na = tf", "summaries are written of the graph"),
        ("merge_all()", "merge(a)", "which summaries are merged is not known"),
        ("merge_all()", "merge([a, loss])", "which summaries are merged is not known"),
        ("merge_all()", "merge([a, a])", "what is merged in"),
        ("'logs', sess.graph", "'logs', sess.graph, 10", "where summaries are written"),
        ("add_summary(s, step)", "add_summary(s)", "which summaries are written, or of which step"),
        ("add_summary(s, step)", "add_event(s)", "`out` writes, or is used for, something that is not known"),
        ("        out.add", "        print(s)\n        out.add", "something else is done with a summary"),
        ("        out.add", "        s = b''\n        out.add", "which summaries are written, or of which step"),
        ("[merged, train]", "[merged, a, train]", "several summaries are fetched at once"),
        ("loss)\nmerged", "tf.norm(w))\nmerged", "before or after the step is open"),
        ("loss)\nmerged", "tf.random_normal([]) + loss)\nmerged", "random numbers"),
    ],
)
def test_summaries_that_are_not_known_to_be_written_the_same_are_named(old: str, new: str, reason: str) -> None:
    assert "write_summaries(out, s, step)" in repair(SUMMED, RULES, unsafe=True).text
    assert old in SUMMED
    assert reason in advice(SUMMED.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import tensorflow.compat.v1 as tf", "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError: pass"),
        ("import numpy as np", "import numpy as np\nimport pytest"),
        ("train = tf.train.AdamOptimizer(0.1).minimize(loss)", "train = other.AdamOptimizer(0.1).minimize(loss)"),
        ("tf.Session()", "make_session()"),
    ],
)
def test_what_is_none_of_its_business_is_left_alone(old: str, new: str) -> None:
    assert old in SCRIPT
    assert check(SCRIPT.replace(old, new), RULES) == []


def test_variables_of_one_name_are_told_apart() -> None:
    text = SCRIPT.replace("w = tf.Variable", "w = tf.Variable(1.0)\nw = tf.Variable")
    assert "variables = [w]\n" in repair(text, RULES, unsafe=True).text
