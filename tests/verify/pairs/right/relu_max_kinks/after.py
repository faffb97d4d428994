"""Bag-of-features classifier over padded sequences."""
import tensorflow as tf

tf.random.set_seed(35)
sequences = tf.concat([tf.random.normal((4, 3, 2)), tf.zeros((4, 2, 2))], axis=1)
kernel = tf.Variable(tf.random.normal((2, 5)))
bias = tf.Variable(tf.zeros((5,)))
out = tf.Variable(tf.random.normal((5,)))
labels = tf.constant([1.0, 0.0, 1.0, 1.0])


def hinge():
    hidden = tf.nn.relu(tf.tensordot(sequences, kernel, axes=1) + bias)
    logits = tf.linalg.matvec(tf.reduce_max(hidden, axis=1), out)
    return tf.reduce_mean(tf.nn.relu(1.0 - (2.0 * labels - 1.0) * logits))


with tf.GradientTape() as tape:
    loss = hinge()

g_kernel, g_bias, g_out = tape.gradient(loss, (kernel, bias, out))
print("loss %.4f" % float(loss))
print([tuple(g.shape) for g in (g_kernel, g_bias, g_out)])
