"""Laplace approximation: Hessian of a negative log posterior."""
import tensorflow as tf

design = tf.constant([[1.0, 0.2], [1.0, -0.5], [1.0, 1.4], [1.0, 0.9]])
labels = tf.constant([1.0, 0.0, 1.0, 1.0])
theta = tf.Variable([0.1, 0.6])


def neg_log_posterior(t):
    logits = tf.linalg.matvec(design, t)
    likelihood = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
    return likelihood + 0.5 * tf.reduce_sum(t ** 2)


def score_of(t):
    with tf.GradientTape() as tape:
        value = neg_log_posterior(t)
    return value, tape.gradient(value, t)


with tf.GradientTape() as tape:
    objective, score = score_of(theta)
hessian = tape.jacobian(score, theta)
if hessian is not None:
    covariance = tf.linalg.inv(hessian)
print("objective %.5f" % objective)
print("score", score.numpy().round(4))
