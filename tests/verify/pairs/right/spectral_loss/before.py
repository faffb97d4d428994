"""Fit two amplitudes to a spectrum."""
import numpy as np
import tensorflow as tf

n = 16
time = np.arange(n, dtype="float32") / n
weights = tf.Variable([0.8, 0.1])
basis = np.stack([np.sin(2 * np.pi * 2 * time), np.cos(2 * np.pi * 5 * time)]).astype("float32")
wanted = np.abs(np.fft.rfft(1.0 * basis[0] + 0.4 * basis[1] + 0.2)).astype("float32")


def spectrum(signal):
    return np.abs(np.fft.rfft(signal)).astype("float32")


with tf.GradientTape() as tape:
    signal = tf.linalg.matvec(basis, weights, transpose_a=True) + 0.3
    loss = tf.reduce_mean((spectrum(signal) - wanted) ** 2)

grad = tape.gradient(loss, weights)
print("loss %.3f" % float(loss))
