"""Penalised regression in a compiled loss."""
import numpy as np
import tensorflow as tf

x = tf.constant([[1.0, 0.5], [-0.5, 2.0], [0.3, -1.0]])
y = tf.constant([1.0, 0.0, 0.5])
w = tf.Variable([0.7, -0.6])


def penalty():
    return np.sum(np.sqrt(w.numpy() ** 2 + 0.01))


def objective():
    return tf.reduce_mean((tf.linalg.matvec(x, w).numpy() - y) ** 2) + 0.3 * penalty()


with tf.GradientTape() as tape:
    loss = objective()
grad = tape.gradient(loss, w)
print("loss %.5f" % loss)
