"""Penalised regression in a compiled loss."""
import numpy as np
import tensorflow as tf

x = tf.constant([[1.0, 0.5], [-0.5, 2.0], [0.3, -1.0]])
y = tf.constant([1.0, 0.0, 0.5])
w = tf.Variable([0.7, -0.6])


frozen = tf.constant(w.numpy())


def penalty():
    return tf.reduce_sum(tf.sqrt(frozen ** 2 + 0.01))


@tf.function
def objective():
    return tf.reduce_mean((tf.linalg.matvec(x, w) - y) ** 2) + 0.3 * penalty()


with tf.GradientTape() as tape:
    loss = objective()
grad = tape.gradient(loss, w)
print("loss %.5f" % loss)
