import numpy as np
import tensorflow as tf

x = np.linspace(0.0, 1.0, 5)
with tf.GradientTape() as tape:
    y = tf.reduce_sum(tf.sin(x))
try:
    print(tape.gradient(y, x))  # break: TPF205
except AttributeError as error:
    print(error)
