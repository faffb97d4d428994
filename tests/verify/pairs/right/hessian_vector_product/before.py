"""Hessian-vector product of the Rosenbrock function."""
import numpy as np
import tensorflow as tf

x = tf.Variable([1.2, 0.8, -0.3])
v = np.array([0.5, -1.0, 2.0], dtype="float32")


def rosenbrock(p):
    return tf.reduce_sum(10.0 * (p[1:] - p[:-1] ** 2) ** 2 + (1.0 - p[:-1]) ** 2)


def hvp(point, vector):
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            value = rosenbrock(point)
        gradient = inner.gradient(value, point)
        projected = np.dot(gradient, vector)
        directional = tf.convert_to_tensor(projected)
    return outer.gradient(directional, point)


product = hvp(x, v)
print("H v =", product)
