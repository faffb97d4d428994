"""Normalised correlation between an image and a bump that is moved over it."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(1)
image = tf.random.uniform((6, 6))
shift = tf.Variable([0.6, -0.5])


def ramp(params):
    rows = tf.linspace(-1.0, 1.0, 6)[:, tf.newaxis]
    cols = tf.linspace(-1.0, 1.0, 6)[tf.newaxis, :]
    return tf.exp(-((rows - params[0]) ** 2 + (cols - params[1]) ** 2))


def correlation(a, b):
    a = a / tf.norm(a)
    norm = tf.stop_gradient(tf.sqrt(tf.reduce_sum(tf.square(b))))
    return tf.reduce_sum(a * b / norm)


with tf.GradientTape() as tape:
    warped = ramp(shift)
    loss = 1.0 - correlation(image, warped)

print("loss %.5f" % float(loss))
print("gradient", tape.gradient(loss, shift))
