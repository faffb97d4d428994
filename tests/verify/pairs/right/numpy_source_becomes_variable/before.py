"""Logistic growth fitted by gradient descent on a NumPy vector."""
import numpy as np
import tensorflow as tf

days = np.arange(8, dtype="float32")
cases = np.array([3.0, 5.1, 8.2, 12.7, 18.6, 25.3, 31.8, 37.1], dtype="float32")
params = np.array([4.5, 0.6, 4.0], dtype="float32")


def logistic(p, t):
    return 10.0 * p[0] / (1.0 + tf.exp(-p[1] * (t - p[2])))


for iteration in range(2):
    with tf.GradientTape() as tape:
        residual = logistic(params, days) - cases
        cost = tf.reduce_mean(residual ** 2)
    step = tape.gradient(cost, params)
    params = params - 0.001 * step.numpy()
    print("cost %.4f" % cost)
