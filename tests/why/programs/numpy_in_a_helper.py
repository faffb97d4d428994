import numpy as np
import tensorflow as tf


def softplus(z):
    return np.log1p(np.exp(z.numpy()))  # break: TPF101


w = tf.Variable([0.5, -1.0])
with tf.GradientTape() as tape:
    z = w * 2.0
    loss = tf.reduce_sum(softplus(z))
print(tape.gradient(loss, w))
