"""Gaussian process regression: marginal likelihood and its gradient."""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(12)
X = np.sort(rng.uniform(0, 4, 9))[:, None]
y = np.sin(X[:, 0]) + 0.1 * rng.normal(size=9)
log_length = tf.Variable(0.1, dtype=tf.float64)
log_noise = tf.Variable(-2.0, dtype=tf.float64)


def kernel(length):
    return tf.exp(-0.5 * ((X - X.T) / length) ** 2)


def negative_log_likelihood():
    K = kernel(tf.exp(log_length)) + tf.exp(2.0 * log_noise) * np.eye(len(y))
    K = K.numpy()
    alpha = np.linalg.solve(K, y)
    return 0.5 * y @ alpha + 0.5 * np.linalg.slogdet(K)[1] + 0.5 * len(y) * np.log(2 * np.pi)


with tf.GradientTape() as tape:
    nll = negative_log_likelihood()

try:
    grads = tape.gradient(nll, [log_length, log_noise])
except AttributeError as error:
    grads = None
    print("no gradient:", error)
print("nll %.5f" % nll)
