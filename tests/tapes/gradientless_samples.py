"""Run in the interpreter with TensorFlow: what each function of the table executes, and what its gradient is.

Writes JSON to standard output: for each function the operations it executed, those without a gradient among them, and
its gradients. For each function found in TensorFlow's name spaces that never gives a gradient: its name.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import tensorflow as tf
from tensorflow.python.framework import op_callbacks, ops

logging.getLogger("tensorflow").setLevel(logging.ERROR)
tf.keras.utils.set_random_seed(1)

V = tf.constant([0.2, 0.7, 0.4, 0.9])
M = tf.constant([[3.0, 0.5], [0.2, 2.0]])
IMAGES = tf.constant([[[[0.2, 0.4, 0.9], [0.7, 0.1, 0.3]], [[0.6, 0.5, 0.1], [0.3, 0.8, 0.2]]]])
IDS = tf.constant([0, 1, 1, 3])
BOX = tf.constant([[[0.0, 0.0, 1.0, 1.0]]])
SEED = (1, 2)

SAMPLES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "tensorflow.bitcast": (lambda x: tf.bitcast(x, tf.int32), V),
    "tensorflow.edit_distance": (
        lambda x: tf.edit_distance(tf.sparse.from_dense(x[None]), tf.sparse.from_dense(x[None])),
        V,
    ),
    "tensorflow.fingerprint": (tf.fingerprint, M),
    "tensorflow.guarantee_const": (tf.guarantee_const, V),
    "tensorflow.histogram_fixed_width": (lambda x: tf.histogram_fixed_width(x, [0.0, 1.0]), V),
    "tensorflow.image.adjust_contrast": (lambda x: tf.image.adjust_contrast(x, 1.5), IMAGES),
    "tensorflow.image.adjust_hue": (lambda x: tf.image.adjust_hue(x, 0.1), IMAGES),
    "tensorflow.image.adjust_jpeg_quality": (lambda x: tf.image.adjust_jpeg_quality(x[0], 50), IMAGES),
    "tensorflow.image.adjust_saturation": (lambda x: tf.image.adjust_saturation(x, 0.5), IMAGES),
    "tensorflow.image.draw_bounding_boxes": (lambda x: tf.image.draw_bounding_boxes(x, BOX, [[1.0, 0.0, 0.0]]), IMAGES),
    "tensorflow.image.extract_glimpse": (lambda x: tf.image.extract_glimpse(x, (1, 1), [[0.0, 0.0]]), IMAGES),
    "tensorflow.image.hsv_to_rgb": (tf.image.hsv_to_rgb, IMAGES),
    "tensorflow.image.non_max_suppression": (
        lambda x: tf.image.non_max_suppression(tf.stack([x, x, x + 1, x + 1], 1), x, 2),
        V,
    ),
    "tensorflow.image.random_contrast": (lambda x: tf.image.random_contrast(x, 0.5, 1.5), IMAGES),
    "tensorflow.image.random_hue": (lambda x: tf.image.random_hue(x, 0.1), IMAGES),
    "tensorflow.image.random_saturation": (lambda x: tf.image.random_saturation(x, 0.5, 1.5), IMAGES),
    "tensorflow.image.stateless_random_contrast": (
        lambda x: tf.image.stateless_random_contrast(x, 0.5, 1.5, SEED),
        IMAGES,
    ),
    "tensorflow.image.stateless_random_hue": (lambda x: tf.image.stateless_random_hue(x, 0.1, SEED), IMAGES),
    "tensorflow.image.stateless_random_saturation": (
        lambda x: tf.image.stateless_random_saturation(x, 0.5, 1.5, SEED),
        IMAGES,
    ),
    "tensorflow.linalg.logm": (lambda x: tf.linalg.logm(tf.cast(x, tf.complex64)), M),
    "tensorflow.linalg.lu": (tf.linalg.lu, M),
    "tensorflow.math.bincount": (lambda x: tf.math.bincount(IDS, weights=x), V),
    "tensorflow.math.truncatemod": (lambda x: tf.truncatemod(x, 0.3), V),
    "tensorflow.quantization.quantize": (lambda x: tf.quantization.quantize(x, 0.0, 1.0, tf.quint8)[0], V),
    "tensorflow.random.categorical": (lambda x: tf.random.categorical([x], 2), V),
    "tensorflow.random.poisson": (lambda x: tf.random.poisson([3], x), V),
    "tensorflow.random.shuffle": (tf.random.shuffle, V),
    "tensorflow.random.stateless_binomial": (lambda x: tf.random.stateless_binomial([4], SEED, 5.0, x), V),
    "tensorflow.random.stateless_categorical": (lambda x: tf.random.stateless_categorical([x], 2, SEED), V),
    "tensorflow.random.stateless_poisson": (lambda x: tf.random.stateless_poisson([4], SEED, x), V),
    "tensorflow.signal.irfft3d": (lambda x: tf.signal.irfft3d(tf.complex(x, x)), IMAGES),
    "tensorflow.signal.rfft3d": (tf.signal.rfft3d, IMAGES),
    "tensorflow.unique": (tf.unique, V),
    "tensorflow.unique_with_counts": (tf.unique_with_counts, V),
    "tensorflow.image.resize": (lambda x: tf.image.resize(x, (1, 1), method="area"), IMAGES),
    "keras.ops.lu_factor": (keras.ops.lu_factor, M),
    "keras.ops.unique": (keras.ops.unique, V),
    "keras.ops.view": (lambda x: keras.ops.view(x, "int32"), V),
    "keras.random.categorical": (lambda x: keras.random.categorical([x], 2), V),
}
GENERAL: list[tuple[Callable[[Any, Any], Any], Any]] = [
    (lambda f, x: f(x), V),
    (lambda f, x: f(x), M),
    (lambda f, x: f(x), IMAGES),
    (lambda f, x: f(x, x + 0.1), V),
    (lambda f, x: f(x, 0.1), IMAGES),
    (lambda f, x: f(x, 0.5, 1.5), IMAGES),
    (lambda f, x: f(tf.complex(x, x)), V),
    (lambda f, x: f(x, IDS, 2), V),
    (lambda f, x: f(x, [0.0, 1.0]), V),
]
SPACES = {"tensorflow.image": tf.image, "tensorflow.linalg": tf.linalg, "tensorflow.math": tf.math, "tensorflow": tf}


def has_gradient(operation: str) -> bool:
    try:
        return ops.gradient_registry.lookup(operation) is not None
    except LookupError:
        return False


def gradients(call: Callable[[Any], Any], x: Any) -> tuple[list[str], list[str], list[str]]:
    """The operations that a call executes, and for each tensor it gives: its dtype, and what its gradient is."""
    executed: list[str] = []

    def note(kind: Any, *rest: Any, **named: Any) -> None:
        executed.append(kind if isinstance(kind, str) else kind.decode())

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        op_callbacks.add_op_callback(note)
        try:
            made = [t for t in tf.nest.flatten(call(x)) if isinstance(t, tf.Tensor)]
        finally:
            op_callbacks.remove_op_callback(note)
    answers = []
    for tensor in made:
        try:
            answer = tape.gradient(tensor, x)
        except LookupError:
            answers.append("LookupError")
            continue
        zero = answer is not None and not bool(tf.reduce_any(tf.convert_to_tensor(answer) != 0))
        answers.append("None" if answer is None else "zero" if zero else "gradient")
    return executed, [tensor.dtype.name for tensor in made], answers


def never() -> Iterator[str]:
    """The functions that give floating tensors, and never a gradient."""
    for space, module in SPACES.items():
        for name in sorted(vars(module)):
            function = getattr(module, name)
            if name.startswith("_") or inspect.isclass(function) or not inspect.isfunction(function):
                continue
            found: list[str] = []
            for call, x in GENERAL:
                try:
                    _, dtypes, answers = gradients(lambda y, c=call, f=function: c(f, y), x)
                # Most of them want other arguments.
                except Exception:
                    continue
                found += [a for a, dtype in zip(answers, dtypes, strict=True) if dtype in ("float32", "complex64")]
            if found and "gradient" not in found and set(found) != {"zero"}:
                yield f"{space}.{name}"


def main() -> None:
    report: dict[str, Any] = {}
    for name, (call, x) in SAMPLES.items():
        executed, _, answers = gradients(call, x)
        report[name] = {
            "executed": executed,
            "gradientless": [operation for operation in executed if not has_gradient(operation)],
            "answers": answers,
        }
    json.dump({"functions": report, "never": sorted(never())}, sys.stdout)


if __name__ == "__main__":
    main()
