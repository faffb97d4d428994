"""Sparse coding: reconstruction plus a smooth sparsity penalty."""
import tensorflow as tf

tf.random.set_seed(19)
dictionary = tf.random.normal((6, 4))
signal = tf.random.normal((6,))
code = tf.Variable([0.2, -0.4, 0.1, 0.6])


def sparsity(c):
    return tf.reduce_sum(tf.sqrt(c ** 2 + 1e-2))


with tf.GradientTape() as tape:
    residual = tf.linalg.matvec(dictionary, code) - signal
    penalty = sparsity(code)
    loss = tf.reduce_sum(residual ** 2) + 0.2 * penalty - 0.1 * tf.stop_gradient(penalty)

grad = tape.gradient(loss, code)
print("loss", round(float(loss), 4))
print("grad", grad)
