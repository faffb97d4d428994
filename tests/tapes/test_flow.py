"""What the static reading says of each query: watched, connected, both, or unknown.

Each program ends in queries; a comment behind a query says what is expected for its sources, in order:
`ok` (a gradient for certain), `unwatched`, `cut` (no gradient for certain), `?` (not known).
"""

from __future__ import annotations

import re

import pytest

from tapefix.tapes.flow.flow import Answer, Flow
from tapefix.tapes.reading import Reading

HEAD = "import tensorflow as tf\nimport numpy as np\n"

PROGRAMS = {
    "plain import": """
        import tensorflow
        w = tensorflow.Variable(1.0)
        with tensorflow.GradientTape() as tape:
            y = w * w
        tape.gradient(y, w)  # ok
        """,
    "tape imported under another name": """
        from tensorflow import GradientTape as G, Variable
        w = Variable(1.0)
        with G() as g:
            y = w * 2.0
        g.gradient(y, w)  # ok
        """,
    "compat modules": """
        import tensorflow.compat.v2 as tf2
        from tensorflow.compat import v1
        x = tf2.constant(1.0)
        with tf2.GradientTape() as a, v1.GradientTape() as b:
            b.watch(x)
            y = x * x
        a.gradient(y, x)  # unwatched
        b.gradient(y, x)  # ok
        """,
    "tape assigned first and entered later": """
        w = tf.Variable(1.0)
        tape = tf.GradientTape(persistent=True)
        with tape:
            y = w * w
        tape.gradient(y, w)  # ok
        """,
    "tape entered by hand": """
        w, x = tf.Variable(1.0), tf.constant(2.0)
        tape = tf.GradientTape()
        tape.__enter__()
        y = w * x
        tape.__exit__(None, None, None)
        tape.gradient(y, [w, x])  # ok, unwatched
        """,
    "what an unknown model keeps of its call": """
        def train(model_fn, batches):
            model = model_fn()
            def step(batch):
                with tf.GradientTape() as tape:
                    model(batch)
                    loss = model.penalty[0] * 1.0
                tape.gradient(loss, model.trainable_variables)  # ?
            for batch in batches:
                step(batch)
        """,
    "an earlier answer of the model that the tape calls": """
        import keras
        model = keras.Sequential([keras.layers.Dense(2)])
        def step(s, a, r, s2):
            best = r + np.amax(model.predict(s2), axis=1)
            with tf.GradientTape() as tape:
                chosen = tf.cast(tf.argmax(model(s), axis=1), tf.float32)
                loss = tf.reduce_mean((best - chosen) ** 2)
            return tape.gradient(loss, model.trainable_variables)  # cut
        step(tf.ones((4, 3)), tf.zeros(4), tf.zeros(4), tf.ones((4, 3)))
        """,
    "nested tapes": """
        x = tf.constant(3.0)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = x ** 3
            dy = inner.gradient(y, x)  # ok
        outer.gradient(dy, x)  # ok
        """,
    "inner query after the outer region": """
        x = tf.Variable(3.0)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                y = x ** 3
        dy = inner.gradient(y, x)  # ok
        outer.gradient(dy, x)  # cut
        """,
    "a source of every form": """
        a, b, c = tf.Variable(1.0), tf.Variable(2.0), tf.constant(3.0)
        with tf.GradientTape(persistent=True) as t:
            y = a * b + c
        t.gradient(y, a)  # ok
        t.gradient(y, [a, c])  # ok, unwatched
        t.gradient(y, (b,))  # ok
        t.gradient(y, {"a": a, "c": c})  # ok, unwatched
        t.gradient(target=y, sources=[a])  # ok
        t.jacobian(y, a)  # ok
        """,
    "a model's variables": """
        model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
        loss_fn = tf.keras.losses.MeanSquaredError()
        x, y = tf.random.normal((4, 3)), tf.random.normal((4, 2))
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        tape.gradient(loss, model.trainable_variables)  # ok
        """,
    "the variables of two models": """
        one = tf.keras.Sequential([tf.keras.layers.Dense(2)])
        two = tf.keras.Sequential([tf.keras.layers.Dense(2)])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(one(tf.ones((1, 2))))
        tape.gradient(loss, one.trainable_variables + two.trainable_variables)  # ok, cut
        """,
    "another model's variables": """
        one = tf.keras.Sequential([tf.keras.layers.Dense(2)])
        two = tf.keras.Sequential([tf.keras.layers.Dense(2)])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(one(tf.ones((1, 2))))
        tape.gradient(loss, two.trainable_variables)  # cut
        """,
    "prediction": """
        model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model.predict(tf.ones((1, 2))))
        tape.gradient(loss, model.trainable_variables)  # cut
        """,
    "through NumPy and back": """
        w = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            y = tf.square(np.exp((w * 2.0).numpy()))
        tape.gradient(y, w)  # cut
        """,
    "a second way that stays in TensorFlow": """
        w = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            y = w * w - (w * 3.0).numpy()
        tape.gradient(y, w)  # ok
        """,
    "a constant made of a tensor is that tensor": """
        x = tf.constant(1.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.constant(x) * 2.0
        tape.gradient(y, x)  # ok
        """,
    "helper with the tape as an argument": """
        def ask(tape, y, x):
            return tape.gradient(y, x)  # ok

        w = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            y = w * w
        ask(tape, y, w)
        """,
    "helper watches": """
        def start(tape, x):
            tape.watch(x)
            return x * x

        x = tf.constant(2.0)
        with tf.GradientTape() as tape:
            y = start(tape, x)
        tape.gradient(y, x)  # ok
        """,
    "methods and attributes": """
        class Net(tf.Module):
            def __init__(self):
                self.w = tf.Variable(1.0)
                self.b = tf.Variable(0.0, trainable=False)

            def __call__(self, x):
                return self.w * x + self.b

            def step(self, x):
                with tf.GradientTape() as tape:
                    loss = self.loss(x)
                return tape.gradient(loss, [self.w, self.b, x])  # ok, unwatched, unwatched

            def loss(self, x):
                return tf.square(self(x))

        Net().step(tf.constant(1.0))
        """,
    "a Keras subclass": """
        class Net(tf.keras.Model):
            def __init__(self):
                super().__init__()
                self.dense = tf.keras.layers.Dense(1)

            def call(self, x):
                return self.dense(x)

            def train_step(self, data):
                x, y = data
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((self(x, training=True) - y) ** 2)
                grads = tape.gradient(loss, self.trainable_variables)  # ok
                return {"loss": loss}
        """,
    "in another branch": """
        def f(flag):
            w = tf.Variable(1.0)
            with tf.GradientTape() as tape:
                y = w * w if flag else w + 1.0
            if flag:
                return tape.gradient(y, w)  # ok
            return None

        f(input())
        """,
    "either watched or not": """
        x = tf.constant(1.0)
        with tf.GradientTape() as tape:
            if input():
                tape.watch(x)
            y = x * x
        tape.gradient(y, x)  # ok
        """,
    "in a loop": """
        w = tf.Variable(1.0)
        for step in range(10):
            with tf.GradientTape() as tape:
                y = w * w
            g = tape.gradient(y, w)  # ok
            w.assign_sub(0.1 * g)
        """,
    "a variable replaced by a tensor in a loop": """
        w = tf.Variable(1.0)
        for step in range(10):
            with tf.GradientTape() as tape:
                y = w * w
            g = tape.gradient(y, w)  # ok / unwatched
            w = w - 0.1 * g
        """,
    "elements of a dataset": """
        data = tf.data.Dataset.from_tensor_slices((np.zeros((8, 2)), np.zeros(8))).batch(4)
        w = tf.Variable(tf.zeros((2, 1)))
        for x, y in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(x @ w)
            tape.gradient(loss, [w, x])  # ok, unwatched
        """,
    "a list that grows": """
        w = tf.Variable(1.0)
        losses = []
        with tf.GradientTape() as tape:
            for i in range(3):
                losses.append(w * i)
            loss = tf.add_n(losses)
        tape.gradient(loss, w)  # ok
        """,
    "a comprehension": """
        ws = [tf.Variable(1.0) for _ in range(3)]
        with tf.GradientTape() as tape:
            loss = sum(tf.square(w) for w in ws)
        tape.gradient(loss, ws)  # ok, ok
        """,
    "augmented assignment": """
        w = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            total = 0.0
            total += w * w
            total *= 2.0
        tape.gradient(total, w)  # ok
        """,
    "an integer variable": """
        w = tf.Variable(3)
        with tf.GradientTape() as tape:
            y = w * w
        tape.gradient(y, w)  # unwatched cut
        """,
    "recording stopped": """
        w = tf.Variable(3.0)
        with tf.GradientTape() as tape:
            with tape.stop_recording():
                y = w * w
        tape.gradient(y, w)  # cut
        """,
    "watching by access switched off": """
        w = tf.Variable(3.0)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            y = w * w
        tape.gradient(y, w)  # unwatched
        """,
    "a function from elsewhere may know the source": """
        from somewhere import compute_loss, w
        with tf.GradientTape() as tape:
            loss = compute_loss()
        tape.gradient(loss, w)  # ?
        """,
    "a parameter may be a variable": """
        def grad(f, x):
            with tf.GradientTape() as tape:
                y = f(x)
            return tape.gradient(y, x)  # ?
        """,
    "an annotated parameter is a tensor": """
        def grad(x: tf.Tensor):
            with tf.GradientTape() as tape:
                y = x * x
            return tape.gradient(y, x)  # unwatched
        """,
    "a local function is run at each of its calls": """
        def grad(x):
            with tf.GradientTape() as tape:
                y = x * x
            return tape.gradient(y, x)  # unwatched / ok

        grad(tf.constant(1.0))
        grad(tf.Variable(1.0))
        """,
    "a strategy runs a step": """
        w = tf.Variable(1.0)
        strategy = tf.distribute.MirroredStrategy()

        def step(x):
            with tf.GradientTape() as tape:
                y = w * x
            return tape.gradient(y, [w, x])  # ok, unwatched

        strategy.run(step, args=(tf.constant(2.0),))
        """,
    "stopped on purpose": """
        w = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            y = tf.stop_gradient(w) * 2.0
        tape.gradient(y, w)  # cut
        """,
}


def _said(flow: Flow) -> str:
    words = []
    if flow.watched is Answer.NO:
        words.append("unwatched")
    if flow.connected is Answer.NO:
        words.append("cut")
    if not words and flow.watched is flow.connected is Answer.YES:
        words.append("ok")
    return " ".join(words) or "?"


@pytest.mark.parametrize("name", PROGRAMS)
def test_flow(name: str) -> None:
    lines = PROGRAMS[name].strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    text = HEAD + "".join(line[indent:] + "\n" for line in lines)
    reading = Reading(text)
    expected = {}
    for number, line in enumerate(text.splitlines(), 1):
        comment = re.search(r"# ((?:ok|unwatched|cut|\?)[^#]*)$", line)
        if comment:
            expected[number] = [part.strip() for part in comment[1].split("/")]
    said: dict[int, list[str]] = {}
    for query in reading.queries:
        answer = ", ".join(_said(reading.flow(query, source)) for source in query.sources)
        answers = said.setdefault(reading.line(query.node), [])
        if answer not in answers:
            answers.append(answer)
    assert said == expected
