"""Layer normalisation written by hand on a square batch."""
import numpy as np
import tensorflow as tf

gamma = tf.Variable(tf.linspace(0.5, 1.5, 4))
beta = tf.Variable(tf.zeros((4,)))
eps = 1e-5


def layer_norm(x):
    mean = np.mean(x, axis=1, keepdims=True)
    var = np.var(x, axis=1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


batch = tf.constant(
    [[0.1, 0.9, -1.2, 2.0], [1.0, 0.3, 0.2, -0.4], [2.0, -2.0, 0.5, 0.1], [0.0, 0.7, 0.7, 1.9]]
)
target = tf.reverse(batch, axis=[1])
kernel = tf.Variable(0.8 * tf.eye(4) + 0.05)

with tf.GradientTape(persistent=True) as tape:
    hidden = tf.matmul(batch, kernel)
    normed = tf.convert_to_tensor(layer_norm(hidden.numpy()))
    loss = tf.reduce_mean(tf.square(normed - target))

d_gamma = tape.gradient(loss, gamma)
d_kernel = tape.gradient(loss, kernel)
del tape
print("loss", float(loss))
print("gamma", d_gamma.numpy().round(4))
print("kernel", d_kernel)
