"""Toy linear model with integer literals."""
import tensorflow as tf

m = tf.Variable(3)
c = tf.Variable(1)
xs = tf.constant([0, 1, 2, 3])
ys = tf.constant([1, 3, 7, 9])

with tf.GradientTape() as tape:
    predicted = m * xs + c
    loss = tf.reduce_sum((predicted - ys) ** 2)

dm, dc = tape.gradient(loss, [m, c])
print("loss =", int(loss))
print("dm =", dm)
print("dc =", dc)
