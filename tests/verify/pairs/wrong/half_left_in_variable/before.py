"""Attention pooling over a hidden layer."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(54)
body = keras.layers.Dense(4, activation="tanh")
query = tf.Variable(tf.random.normal((4,)))
tokens = tf.random.normal((6, 3))
body.build(tokens.shape)


def softmax(v):
    e = np.exp(v - v.max())
    return e / e.sum()


def pooled():
    hidden = body(tokens).numpy()
    attention = softmax(hidden @ query.numpy())
    return tf.constant(attention @ hidden)


with tf.GradientTape() as tape:
    loss = tf.reduce_sum(pooled() ** 2)

grads = tape.gradient(loss, body.trainable_variables + [query])
print("loss %.5f" % loss)
print([g is not None for g in grads])
