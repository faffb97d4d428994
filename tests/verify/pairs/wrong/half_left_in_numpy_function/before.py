"""Chirp fitting: envelope times carrier."""
import numpy as np
import tensorflow as tf

t = np.linspace(0.0, 1.0, 20).astype("float32")
rate = tf.Variable(1.5)
recorded = (np.exp(-1.2 * t) * np.cos(4.0 * t)).astype("float32")


def envelope(r):
    return np.exp(-r * t).astype("float32")


def carrier(r):
    return np.cos(3.0 * r * t).astype("float32")


with tf.GradientTape() as tape:
    model = tf.numpy_function(lambda r: envelope(r) * carrier(r), [rate], tf.float32)
    loss = tf.reduce_mean((model - recorded) ** 2)

grad = tape.gradient(loss, rate)
print("loss", loss.numpy())
