"""Data gradient and penalty gradient are reported apart."""
import numpy as np
import tensorflow as tf

x = tf.constant([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]])
y = tf.constant([1.0, 0.0, 0.5])
w = tf.Variable([0.3, -0.2])


def data_loss(weights):
    damped = 0.5 * weights + 0.5 * tf.stop_gradient(weights)
    return tf.reduce_mean((tf.linalg.matvec(x, damped) - y) ** 2)


def smoothness(weights):
    return tf.reduce_sum((weights[1:] - weights[:-1]) ** 2)


with tf.GradientTape() as data_tape:
    data = data_loss(w)
with tf.GradientTape() as smooth_tape:
    smooth = tf.convert_to_tensor(smoothness(w)) * 0.1

g_data = data_tape.gradient(data, w)
g_smooth = smooth_tape.gradient(smooth, w)
print("data", g_data.numpy().round(4))
print("smooth", g_smooth)
