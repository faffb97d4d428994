"""Kernel density of samples under a learnt shift."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(53)
points = tf.random.normal((5, 2))
shift = tf.Variable([0.3, -0.1])


def gram(a, b):
    return tf.exp(-0.5 * tf.reduce_sum((a[:, None, :] - b[None, :, :]) ** 2, axis=-1))


with tf.GradientTape() as tape:
    moved = tf.tanh(points + shift) * points
    kernel = gram(moved, points) * gram(tf.constant(moved.numpy()), -points)
    loss = tf.reduce_mean(kernel)

grad = tape.gradient(loss, shift)
print("loss %.5f" % loss)
print("grad", grad)
