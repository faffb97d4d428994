"""Fit R and C of a filter to its frequency response."""
import numpy as np
import tensorflow as tf

frequency = np.logspace(0, 3, 8).astype("float32")
resistance = tf.Variable(1.2)
capacity = tf.Variable(0.8)
measured = np.abs(1.0 / (1.0 + 1j * 2e-2 * frequency)).astype("float32")


def response(r, c):
    x = r * c * 2e-2 * frequency
    return tf.abs(1.0 / tf.complex(tf.ones_like(x), x))


with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.square(response(resistance, capacity) - measured))
gradient = tape.gradient(loss, {"R": resistance, "C": capacity})
print("loss %.6f" % loss)
print({name: value is not None for name, value in gradient.items()})
