"""Exponential smoothing with a learnt coefficient."""
import numpy as np
import tensorflow as tf

series = np.sin(np.linspace(0.0, 3.0, 9)).astype("float32")
raw_alpha = tf.Variable(0.2)


def smooth(alpha):
    count = len(series)
    values = tf.constant(series)
    levels = tf.TensorArray(tf.float32, size=count)

    def body(i, level, out):
        level = alpha * values[i] + (1.0 - alpha) * level
        return i + 1, level, out.write(i, level)

    _, _, levels = tf.while_loop(lambda i, *_: i < count, body, [0, values[0], levels])
    return levels.stack()


with tf.GradientTape() as tape:
    alpha = tf.sigmoid(raw_alpha)
    fitted = smooth(alpha)
    loss = tf.reduce_mean(tf.square(series[1:] - fitted[:-1]))

grad = tape.gradient(loss, raw_alpha)
print("loss %.6f" % float(loss))
print("gradient", grad)
