"""Mahalanobis distance of samples to a learnt centre."""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(10)
samples = rng.normal(size=(7, 3)).astype("float32")
centre = tf.Variable([0.1, -0.2, 0.3])
factor = tf.Variable(np.tril(rng.normal(size=(3, 3)) * 0.2 + np.eye(3)).astype("float32"))


def mahalanobis(c, f):
    delta = samples - c.numpy()
    precision = np.dot(f.numpy(), f.numpy().T)
    return np.sum(np.dot(delta, precision) * delta, axis=1)


def log_det(f):
    return np.linalg.slogdet(np.dot(f.numpy(), f.numpy().T))[1]


with tf.GradientTape() as tape:
    distance = mahalanobis(centre, factor)
    nll = tf.reduce_mean(0.5 * tf.constant(distance)) - 0.5 * log_det(factor)

g_centre, g_factor = tape.gradient(nll, [centre, factor])
print("nll %.4f" % float(nll))
print(g_centre is None, g_factor is None)
