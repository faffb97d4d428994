import tensorflow as tf
from data import load_pair

x, wanted = load_pair()
w = tf.constant([1.0, 2.0])
with tf.GradientTape() as tape:
    tape.watch(w)
    penalty = tf.reduce_sum(w**2)
print(float(tf.norm(tape.gradient(penalty, w))))

with tf.GradientTape() as tape:
    tape.watch(x)
    error = tf.reduce_sum((x * w - wanted) ** 2)
print(tape.gradient(error, x).shape)
