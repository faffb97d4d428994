import tensorflow as tf
from scipy.special import expit

u = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    p = expit(u + 1.0)  # break: TPF108
    y = tf.reduce_sum(p)
print(tape.gradient(y, u))
