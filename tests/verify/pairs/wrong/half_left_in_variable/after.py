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
    return tf.nn.softmax(v)


def pooled():
    hidden = body(tokens)
    values = tf.Variable(hidden)
    attention = softmax(tf.linalg.matvec(hidden, query))
    return tf.linalg.matvec(values, attention, transpose_a=True)


with tf.GradientTape() as tape:
    loss = tf.reduce_sum(pooled() ** 2)

grads = tape.gradient(loss, body.trainable_variables + [query])
print("loss %.5f" % loss)
print([g is not None for g in grads])
