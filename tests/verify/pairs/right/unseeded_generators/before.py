"""Noisy regression without any seed."""
import random

import numpy as np
import tensorflow as tf

rng = np.random.default_rng()
x = rng.normal(size=(10, 2)).astype("float32")
noise = np.random.normal(scale=0.1, size=10).astype("float32")
slope = random.uniform(1.0, 2.0)
y = slope * x[:, 0] - x[:, 1] + noise
w = tf.Variable(tf.random.normal((2,)))


def rmse():
    residual = tf.linalg.matvec(x, w) - y
    return np.linalg.norm(residual) / np.sqrt(len(y))


with tf.GradientTape() as tape:
    error = tf.cast(rmse(), tf.float32)
gradient = tape.gradient(error, w)
print("rmse %.4f" % float(error))
print("gradient", gradient)
