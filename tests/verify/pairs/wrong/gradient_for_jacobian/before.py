"""Jacobian of a robot arm's end point with respect to its joint angles."""
import numpy as np
import tensorflow as tf

lengths = np.array([1.0, 0.8, 0.5], dtype="float32")
angles = tf.Variable([0.3, -0.4, 0.9])


def end_point(q):
    absolute = np.cumsum(q.numpy())
    return tf.stack([np.sum(lengths * np.cos(absolute)), np.sum(lengths * np.sin(absolute))])


with tf.GradientTape() as tape:
    position = end_point(angles)

jacobian = tape.jacobian(position, angles)
print("position", position.numpy())
