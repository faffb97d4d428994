"""Input sensitivity of a gated unit."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(21)
w_gate = tf.random.normal((3, 3))
w_value = tf.random.normal((3, 3))
x = tf.random.normal((2, 3))


def gated(inputs):
    gate = tf.sigmoid(tf.matmul(inputs, w_gate))
    value = tf.tanh(tf.matmul(inputs, w_value))
    return gate, value


gate = tf.sigmoid(tf.matmul(x, w_gate))
with tf.GradientTape() as tape:
    tape.watch(x)
    value = tf.tanh(tf.matmul(x, w_value))
    out = tf.reduce_sum(gate * value, axis=1)
    energy = tf.reduce_sum(out ** 2)

sensitivity = tape.gradient(energy, x)
print("energy", energy.numpy())
print("sensitivity", sensitivity)
