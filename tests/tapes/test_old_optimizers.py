"""The optimizers of Keras that stand in for those of TensorFlow 1 take the same steps."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tapefix.tapes.reading import Reading
from tapefix.tapes.repairs.old_optimizers import TWINS, twin_of
from tapefix.tapes.values import Kind

ARGUMENTS = {
    "GradientDescentOptimizer": ["0.05"],
    "MomentumOptimizer": ["0.05, 0.9", "learning_rate=0.05, momentum=0.5, use_nesterov=True"],
    "AdamOptimizer": ["", "0.05", "0.05, 0.8, 0.99, 0.1", "learning_rate=0.05, beta2=0.9, use_locking=True"],
    "AdagradOptimizer": ["0.05", "0.05, initial_accumulator_value=1e-6"],
    "AdadeltaOptimizer": ["0.5", "learning_rate=0.5, rho=0.9, epsilon=0.01"],
    "FtrlOptimizer": ["0.5", "0.5, l1_regularization_strength=0.01, l2_regularization_strength=0.02"],
}
PAIRS = [(name, arguments) for name, several in ARGUMENTS.items() for arguments in several]
STEPS = """
import numpy as np
import tensorflow as tf

def steps(optimizer):
    w = tf.Variable([0.5, -1.0, 2.0])
    taken = []
    for step in range(20):
        gradient = 2 * w * tf.constant([1.0, 0.1, 3.0]) - 0.3
        optimizer.apply_gradients([(gradient, w)])
        taken.append(w.numpy())
    return np.array(taken)
"""


def twin(name: str, arguments: str) -> str:
    """The optimizer of Keras for one of `tf.train`, as it is written."""
    reading = Reading(f"import tensorflow as tf\n\noptimizer = tf.train.{name}({arguments})\n")
    values = [value for found in reading.execution.values_of.values() for value in found]
    optimizer = next(value for value in values if value.kind is Kind.OPTIMIZER)
    keras, pieces = twin_of(optimizer)
    shown = "".join(piece if isinstance(piece, str) else reading.code(piece) for piece in pieces)  # type: ignore[arg-type]
    # The pieces are texts and expressions of this file.
    return f"{keras}({shown})"


def test_every_twin_is_tried() -> None:
    assert set(ARGUMENTS) == set(TWINS)


def test_what_has_no_twin() -> None:
    assert twin("RMSPropOptimizer", "0.1") == "()"
    assert twin("AdamOptimizer", "**settings") == "()"
    assert twin("AdamOptimizer", "tf.Variable(0.1)") == "()"


@pytest.mark.tensorflow
def test_twins_take_the_same_steps() -> None:
    lines = [
        f"np.testing.assert_allclose(steps(tf.compat.v1.train.{name}({arguments})), "
        f"steps(tf.{twin(name, arguments)}), rtol=2e-5, atol=2e-5)"
        for name, arguments in PAIRS
    ]
    script = STEPS + "\n".join(lines)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
