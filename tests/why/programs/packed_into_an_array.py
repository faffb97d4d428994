import numpy as np
import tensorflow as tf

u = tf.Variable(1.0)
v = tf.Variable(2.0)
with tf.GradientTape() as tape:
    pair = np.array([u * v, u + v])  # break: TPF105
    total = tf.reduce_sum(pair)
print(tape.gradient(total, [u, v]))
