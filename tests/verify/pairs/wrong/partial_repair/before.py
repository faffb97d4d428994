"""Style and content gradients of a generated image."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(50)
content = tf.random.uniform((5, 3))
mixing = tf.Variable(tf.random.normal((3, 3)))
bias = tf.Variable(tf.zeros((3,)))


def gram(features):
    return tf.matmul(features, features, transpose_a=True) / 5.0


with tf.GradientTape() as tape:
    features = np.tanh(tf.matmul(content, mixing)) + bias.numpy()
    style = tf.reduce_sum(tf.square(gram(tf.constant(features)) - tf.eye(3)))

d_mixing, d_bias = tape.gradient(style, [mixing, bias])
print("style", float(style))
print("mixing", d_mixing)
print("bias", d_bias)
