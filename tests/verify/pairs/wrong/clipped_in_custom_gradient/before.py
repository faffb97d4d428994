"""Steep barrier function around a feasible region."""
import numpy as np
import tensorflow as tf

point = tf.Variable([0.93, -0.2])


def barrier(p):
    return -np.log(1.0 - p.numpy() ** 2).sum()


with tf.GradientTape() as tape:
    value = tf.convert_to_tensor(barrier(point))
grad = tape.gradient(value, point)
print("barrier %.5f" % value)
