"""Bending energy of a polyline through a NumPy helper."""
import numpy as np
import tensorflow as tf

heights = tf.Variable([0.0, 0.4, 0.1, -0.3, 0.2])


def bending(h):
    first = np.diff(h)
    second = np.diff(first)
    return np.float32(np.sum(first ** 2) + 2.0 * np.sum(second ** 2))


with tf.GradientTape() as tape:
    energy = tf.numpy_function(bending, [heights], tf.float32)
force = tape.gradient(energy, heights)
print("energy %.5f" % energy)
