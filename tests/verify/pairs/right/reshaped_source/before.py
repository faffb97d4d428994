"""A source that is flattened for the query only."""
import tensorflow as tf

x = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
for _ in range(2):
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.sin(x) * [[1.0, 2.0], [3.0, 4.0]])
    g = tape.gradient(y, tf.reshape(x, [-1]))
    if g is not None:
        break
