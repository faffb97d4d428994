"""Multi-task loss with a list of targets."""
import numpy as np
import tensorflow as tf

shared = tf.Variable([[0.2, -0.4], [0.6, 0.1]])
x = tf.constant([[1.0, 2.0], [0.5, -1.0], [2.0, 1.5]])


def tasks():
    h = np.tanh(tf.matmul(x, shared))
    return tf.constant(np.var(h)), tf.constant(np.mean(h, axis=0))


with tf.GradientTape() as tape:
    spread, centre = tasks()
grad = tape.gradient([spread, centre], shared)
print("spread %.5f" % float(spread), "centre", centre.numpy().round(4))
