"""Vector quantisation with a straight-through estimator."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(46)
encoder = tf.Variable(tf.random.normal((4, 2)) * 0.6)
decoder = tf.Variable(tf.random.normal((2, 4)) * 0.6)
codebook = tf.Variable(tf.random.normal((5, 2)))
batch = tf.random.normal((7, 4))


def quantise(z):
    distances = tf.reduce_sum((z[:, tf.newaxis] - codebook[tf.newaxis]) ** 2, axis=2)
    return tf.gather(codebook, tf.argmin(distances, axis=1))


def vq_loss():
    z = tf.matmul(batch, encoder)
    q = quantise(z)
    straight = z + tf.stop_gradient(q - z)
    reconstruction = tf.reduce_mean((tf.matmul(straight, decoder) - batch) ** 2)
    codes = tf.reduce_mean(tf.square(q - tf.convert_to_tensor(z.numpy())))
    commitment = 0.25 * tf.reduce_mean((z - tf.stop_gradient(q)) ** 2)
    return reconstruction + codes + commitment


with tf.GradientTape() as tape:
    loss = vq_loss()
grads = tape.gradient(loss, [encoder, decoder, codebook])
print("loss %.5f" % loss)
print("codebook:", "stuck" if grads[2] is None else "learns")
