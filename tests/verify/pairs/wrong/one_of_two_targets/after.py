"""Gradient of the sum of two losses, passed as a list."""
import numpy as np
import tensorflow as tf

w = tf.Variable([0.5, -1.0, 0.25])
x = tf.constant([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])


def losses():
    out = tf.linalg.matvec(x, w)
    return tf.reduce_mean(out ** 2), tf.reduce_mean(tf.abs(out - 1.0))


with tf.GradientTape() as tape:
    squared, absolute = losses()

grad = tape.gradient(squared, w)
print("losses %.4f %.4f" % (squared, absolute))
