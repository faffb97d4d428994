"""Exponential smoothing with a learnt coefficient."""
import numpy as np
import tensorflow as tf

series = np.sin(np.linspace(0.0, 3.0, 9)).astype("float32")
raw_alpha = tf.Variable(0.2)


def smooth(alpha):
    level = series[0]
    levels = []
    for value in series:
        level = float(alpha) * value + (1.0 - float(alpha)) * level
        levels.append(level)
    return np.array(levels, dtype="float32")


with tf.GradientTape() as tape:
    alpha = tf.sigmoid(raw_alpha)
    fitted = smooth(alpha)
    loss = tf.reduce_mean(tf.square(series[1:] - fitted[:-1]))

grad = tape.gradient(loss, raw_alpha)
print("loss %.6f" % float(loss))
print("gradient", grad)
