"""Bending energy of a polyline through a NumPy helper."""
import numpy as np
import tensorflow as tf

heights = tf.Variable([0.0, 0.4, 0.1, -0.3, 0.2])


def bending(h):
    first = h[1:] - h[:-1]
    second = np.diff(first.numpy())
    return tf.reduce_sum(first ** 2) + np.float32(2.0 * np.sum(second ** 2))


with tf.GradientTape() as tape:
    energy = tf.py_function(bending, [heights], tf.float32)
force = tape.gradient(energy, heights)
print("energy %.5f" % energy)
