"""Perturb an input so that a regressor's output grows."""

import tensorflow as tf

tf.random.set_seed(18)

A = tf.random.normal((4, 4))
c = tf.random.normal((4,))
x = tf.constant([[0.5, -0.5, 0.25, 1.0]])


def f(v):
    # One output per row.
    return tf.reduce_sum(
        tf.sigmoid(v @ A + c),
        axis=1,
    )


with tf.GradientTape() as tape:
    tape.watch(x)  # a constant is not recorded otherwise
    y = f(x)

g = tape.gradient(y, x)
if g is not None:
    x = x + 0.1 * g

print("y", y.numpy())
