"""The same step, eager for debugging and compiled for speed."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(61)
w = tf.Variable(tf.random.normal((3, 2)))
x = tf.random.normal((6, 3))


def entropy(probabilities):
    p = tf.maximum(probabilities, 1e-6 if np.all(probabilities > 1e-6) else 1e-5)
    return -tf.reduce_sum(p * tf.math.log(p)) / 6.0


def step():
    with tf.GradientTape() as tape:
        loss = entropy(tf.nn.softmax(tf.matmul(x, w)))
    grad = tape.gradient(loss, w)
    if grad is not None:
        w.assign_sub(0.01 * grad)
    return loss


compiled = tf.function(step)
print("eager", float(step()))
print("compiled", float(compiled()))
