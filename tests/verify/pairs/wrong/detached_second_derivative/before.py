"""Physics-informed residual u'' + u = 0 with nested tapes."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(33)
hidden = keras.layers.Dense(6, activation="tanh")
head = keras.layers.Dense(1)
t = tf.reshape(tf.linspace(0.0, 1.0, 8), (8, 1))


def network(inputs):
    return head(hidden(inputs))


network(t)
with tf.GradientTape() as outer:
    outer.watch(t)
    with tf.GradientTape() as inner:
        inner.watch(t)
        u = network(t)
du = inner.gradient(u, t)
d2u = outer.gradient(du, t)
residual = None if d2u is None else tf.reduce_mean((d2u + u) ** 2)
