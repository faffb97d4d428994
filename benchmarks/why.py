"""What following every value costs: the training step of a small conv net, plain and traced, in one process.

`python benchmarks/why.py` compiles the same text twice, as it is and instrumented, and times the steps in turns. The
goal is a ratio of at most 3.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tapefix.verify.child.frames import Frames
from tapefix.verify.child.oplog import OpLog
from tapefix.verify.child.tracing.tracing import Tracing

GOAL = 3.0
SCRIPT = """
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
model = tf.keras.Sequential([
    tf.keras.Input((28, 28, 1)),
    tf.keras.layers.Conv2D(8, 3, activation="relu"),
    tf.keras.layers.MaxPooling2D(),
    tf.keras.layers.Conv2D(16, 3, activation="relu"),
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(10),
])
optimizer = tf.keras.optimizers.SGD(0.01)
entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
images = tf.random.normal((32, 28, 28, 1))
labels = tf.random.uniform((32,), 0, 10, tf.int32)


def step():
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        penalty = tf.add_n([tf.reduce_sum(tf.square(w)) for w in model.trainable_variables])
        loss = entropy(labels, logits) + 1e-4 * penalty
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss
"""


def compiled(code: Any) -> Callable[[], object]:
    """The step of the script, from its code."""
    module = types.ModuleType("script")
    exec(code, module.__dict__)
    step: Callable[[], object] = module.__dict__["step"]
    return step


def seconds(step: Callable[[], object], repeats: int) -> float:
    """What one step takes."""
    began = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - began) / repeats


def main() -> int:
    """Measure in turns, the plain step first."""
    parser = argparse.ArgumentParser(description="A training step, plain and traced.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=4)
    options = parser.parse_args()
    path = str(Path.cwd() / "script.py")
    plain = compiled(compile(SCRIPT, path, "exec"))
    plain_first = [seconds(plain, options.steps) for _ in range(options.rounds + 2)][2:]
    log = OpLog(Frames(path, str(Path.cwd())).line, 1 << 30)
    tracing = Tracing(log, path, str(Path.cwd()))
    tracing.install()
    traced = compiled(tracing.compiled(SCRIPT, path))
    log.install()
    traced_rounds = [seconds(traced, options.steps) for _ in range(options.rounds + 2)][2:]
    before, after = statistics.median(plain_first), statistics.median(traced_rounds)
    print(f"plain:  {before * 1e3:.1f} ms a step (median of {options.rounds} x {options.steps})")
    print(f"traced: {after * 1e3:.1f} ms a step, {log.next} operations followed")
    print(f"ratio: {after / before:.2f} (goal: {GOAL:.0f} at most)")
    return 0 if after / before <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
