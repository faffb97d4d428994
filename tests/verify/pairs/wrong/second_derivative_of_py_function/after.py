import numpy as np
import tensorflow as tf

w = tf.Variable([[0.5], [-1.0]])
support = tf.constant([[1.0, 2.0], [3.0, -4.0]])
query = tf.constant([[0.5, 1.0], [2.0, 1.5]])


def error(values):
    return tf.reduce_mean(tf.py_function(tf.square, [values], tf.float32))


with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        loss = error(support @ w - 1.0)
    step = inner.gradient(loss, w)
    adapted = w - 0.1 * step
    meta_loss = error(query @ adapted)
print(outer.gradient(meta_loss, w))
