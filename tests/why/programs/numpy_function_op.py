import numpy as np
import tensorflow as tf

u = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    h = tf.numpy_function(lambda a: np.sqrt(a), [u], tf.float32)  # break: TPF106
    y = tf.reduce_sum(h)
print(tape.gradient(y, u))
