"""Quantisation report after each training step."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(40)
w = tf.Variable(tf.random.normal((4, 2)))
x = tf.random.normal((8, 4))
y = tf.random.normal((8, 2))


def quantised_error(weights):
    exact = tf.identity(weights)
    rounded = np.round(weights.numpy() * 64.0) / 64.0
    weights.assign(rounded)
    return tf.reduce_mean((tf.matmul(x, exact * 0.5 + rounded * 0.5) - y) ** 2)


for step in range(2):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.matmul(x, w) - y) ** 2)
    grad = tape.gradient(loss, w)
    w.assign_sub(0.1 * grad)
    with tf.GradientTape() as report_tape:
        error = quantised_error(w)
    sensitivity = report_tape.gradient(error, w)
    print(step, float(loss), float(error), sensitivity is not None)
