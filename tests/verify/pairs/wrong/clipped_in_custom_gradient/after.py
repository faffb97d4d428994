"""Steep barrier function around a feasible region."""
import numpy as np
import tensorflow as tf

point = tf.Variable([0.93, -0.2])


@tf.custom_gradient
def clipped(v):
    return tf.identity(v), lambda g: tf.clip_by_norm(g, 1.0)


def barrier(p):
    return -tf.reduce_sum(tf.math.log(1.0 - clipped(p) ** 2))


with tf.GradientTape() as tape:
    value = barrier(point)
grad = tape.gradient(value, point)
print("barrier %.5f" % value)
