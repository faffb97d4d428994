"""Integrated gradients of a small model."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(65)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, activation="softplus"), keras.layers.Dense(2)])
sample = tf.constant([0.5, -1.0, 2.0, 0.1])
baseline = tf.zeros_like(sample)
alphas = np.linspace(0.0, 1.0, 5).astype("float32")


def scaled(alpha):
    return baseline + alpha * (sample - baseline)


inputs = tf.stack([scaled(a) for a in alphas])
with tf.GradientTape(watch_accessed_variables=False) as tape:
    outputs = model(inputs)[:, 0]
gradients = tape.gradient(outputs, inputs)
if gradients is not None:
    attribution = (sample - baseline) * tf.reduce_mean(gradients, axis=0)
print("difference", round(float(outputs[-1] - outputs[0]), 4))
