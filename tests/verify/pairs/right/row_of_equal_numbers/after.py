"""Every entry of the source is the same number, so that numbers alone tell no part from another."""
import tensorflow as tf

x = tf.ones((2, 3))
with tf.GradientTape() as tape:
    tape.watch(x)
    y = tf.reduce_sum(tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) * x**2)
g = tape.gradient(y, x)[1]
print("asked")
