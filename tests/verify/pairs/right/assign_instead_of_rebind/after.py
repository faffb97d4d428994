"""Gradient descent with momentum that loses its variable."""
import tensorflow as tf

position = tf.Variable([1.5, -0.5])
momentum = tf.zeros((2,))


def himmelblau(p):
    return ((p[0] ** 2 + p[1] - 11.0) ** 2 + (p[0] + p[1] ** 2 - 7.0) ** 2) / 100.0


for i in range(3):
    with tf.GradientTape() as tape:
        height = himmelblau(position)
    slope = tape.gradient(height, position)
    momentum = 0.5 * momentum - 0.1 * slope
    position.assign(position + momentum)
    print(i, f"{float(height):.5f}")
