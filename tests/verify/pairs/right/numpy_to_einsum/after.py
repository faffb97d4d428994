"""Mahalanobis distance of samples to a learnt centre."""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(10)
samples = rng.normal(size=(7, 3)).astype("float32")
centre = tf.Variable([0.1, -0.2, 0.3])
factor = tf.Variable(np.tril(rng.normal(size=(3, 3)) * 0.2 + np.eye(3)).astype("float32"))


def mahalanobis(c, f):
    delta = samples - c
    return tf.einsum("ni,ik,jk,nj->n", delta, f, f, delta)


def log_det(f):
    return tf.linalg.logdet(tf.einsum("ik,jk->ij", f, f))


with tf.GradientTape() as tape:
    distance = mahalanobis(centre, factor)
    nll = tf.reduce_mean(0.5 * distance) - 0.5 * log_det(factor)

g_centre, g_factor = tape.gradient(nll, [centre, factor])
print("nll %.4f" % float(nll))
print(g_centre is None, g_factor is None)
