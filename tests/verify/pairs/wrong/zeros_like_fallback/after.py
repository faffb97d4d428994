"""Custom training step that mixes two losses."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(14)
w1 = tf.Variable(tf.random.normal((3, 4)))
w2 = tf.Variable(tf.random.normal((4, 1)))
x = tf.random.normal((10, 3))
y = tf.reduce_sum(x, axis=1, keepdims=True)
params = [w1, w2]


def network(inputs):
    h = np.maximum(tf.matmul(inputs, w1).numpy(), 0.0)
    return tf.matmul(tf.constant(h), w2)


with tf.GradientTape() as tape:
    loss = tf.reduce_mean((network(x) - y) ** 2)
grads = tape.gradient(loss, params)
grads = [g if g is not None else tf.zeros_like(p) for g, p in zip(grads, params)]
for p, g in zip(params, grads):
    p.assign_sub(0.01 * g)
print("after", float(tf.reduce_mean((network(x) - y) ** 2)))
