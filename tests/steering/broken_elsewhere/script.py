import tensorflow as tf
from helpers import soft

w = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    y = tf.reduce_sum(soft(w * 2.0))
print(tape.gradient(y, w))
