"""Weight normalisation in half precision."""
import numpy as np
import tensorflow as tf

direction = tf.Variable([[0.5, -1.0], [2.0, 0.25]], dtype=tf.float16)
scale = tf.Variable([1.0, 0.5], dtype=tf.float16)
x = tf.constant([[1.0, 0.5], [-0.5, 2.0]], dtype=tf.float16)


def weight():
    return scale * np.asarray(direction) / np.linalg.norm(np.asarray(direction), axis=0)


with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.matmul(x, weight()) ** 2)
grads = tape.gradient(loss, [direction, scale])
print("scale gradient", grads[1].numpy())
