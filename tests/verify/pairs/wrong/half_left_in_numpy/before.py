"""Kernel density of samples under a learnt shift."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(53)
points = tf.random.normal((5, 2))
shift = tf.Variable([0.3, -0.1])


def gram(a, b):
    return np.exp(-0.5 * ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=-1))


with tf.GradientTape() as tape:
    moved = tf.tanh(points + shift) * points
    kernel = gram(moved.numpy(), points.numpy()) * gram(moved.numpy(), -points.numpy())
    loss = tf.reduce_mean(tf.constant(kernel))

grad = tape.gradient(loss, shift)
print("loss %.5f" % loss)
print("grad", grad)
