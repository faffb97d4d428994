"""Gradient descent on two parameters of the same shape."""
import numpy as np
import tensorflow as tf

scale = tf.Variable([1.0, 2.0])
shift = tf.Variable([0.5, -0.5])
data = tf.constant([[0.1, 0.4], [0.9, -0.3], [1.4, 0.8]])


def negative_log_likelihood():
    z = (data - shift) / scale
    return tf.reduce_sum(0.5 * z ** 2) + 3.0 * np.sum(np.log(scale.numpy()))


def frozen_scale():
    return tf.reduce_sum(0.5 * ((data - shift) / scale.numpy()) ** 2)


with tf.GradientTape() as tape:
    loss = frozen_scale() + 3.0 * np.sum(np.log(scale.numpy()))

d_shift, d_scale = tape.gradient(loss, [shift, scale])
print("shift", d_shift.numpy().round(4))
print("loss %.4f" % float(loss))
