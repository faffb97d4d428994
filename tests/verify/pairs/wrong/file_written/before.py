"""Hyper-parameter gradient of a ridge penalty."""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(5)
design = rng.normal(size=(12, 3))
response = design @ np.array([1.0, 0.0, -1.0]) + 0.1 * rng.normal(size=12)
log_penalty = tf.Variable(-1.0, dtype=tf.float64)


def ridge(alpha):
    gram = design.T @ design + alpha * np.eye(3)
    return np.linalg.solve(gram, design.T @ response)


with tf.GradientTape() as tape:
    beta = ridge(np.exp(log_penalty))
    loss = tf.reduce_sum((design @ beta - response) ** 2)

hyper = tape.gradient(loss, log_penalty)
print("loss %.4f" % loss.numpy())
