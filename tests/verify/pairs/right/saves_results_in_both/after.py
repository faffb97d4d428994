"""Optimise a lens spacing and keep the result on disk."""
import json

import numpy as np
import tensorflow as tf

spacing = tf.Variable([0.4, 0.7])
heights = tf.constant([0.1, 0.2, 0.3])


def spot_size():
    ray = heights
    for gap in tf.unstack(spacing):
        ray = ray - gap * tf.sin(ray)
    centred = ray - tf.reduce_mean(ray)
    return tf.sqrt(tf.reduce_mean(centred ** 2))


def save(path, **values):
    with open(path, "w") as handle:
        json.dump({key: float(value) for key, value in values.items()}, handle)


with tf.GradientTape() as tape:
    spot = tf.convert_to_tensor(spot_size())
save("spot.json", spot=spot)
gradient = tape.gradient(spot, spacing)
if gradient is not None:
    spacing.assign_sub(0.1 * gradient)
print("saved", "spot.json")
