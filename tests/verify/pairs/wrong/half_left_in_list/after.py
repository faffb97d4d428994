"""Robust fit with a soft-L1 loss."""
import numpy as np
import tensorflow as tf

xs = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.5], dtype="float32")
ys = np.array([0.1, 0.8, 1.1, 3.9, 2.2, 2.4], dtype="float32")
line = tf.Variable([0.9, 0.2])


def residuals():
    r = line[0] * xs + line[1] - ys
    return list(r[::2]) + r[1::2].numpy().tolist()


def soft_l1(values):
    return sum(2.0 * ((1.0 + r * r) ** 0.5 - 1.0) for r in values)


with tf.GradientTape() as tape:
    cost = soft_l1(residuals())

slope = tape.gradient(cost, line)
print("cost %.4f" % float(cost))
print("slope", slope)
