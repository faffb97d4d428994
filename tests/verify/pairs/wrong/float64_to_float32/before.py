"""Double-precision fit of a Lorentzian line shape."""
import numpy as np
import tensorflow as tf

freq = np.linspace(-3.0, 3.0, 25)
signal = 1.0 / (1.0 + (freq - 0.3) ** 2)

centre = tf.Variable(0.0, dtype=tf.float64)
width = tf.Variable(1.2, dtype=tf.float64)


def line(f):
    return width.numpy() ** 2 / (width.numpy() ** 2 + (f - centre) ** 2)


def chi_square():
    residual = line(freq) - signal
    return tf.reduce_sum(residual ** 2)


with tf.GradientTape() as tape:
    chi2 = chi_square()

d_centre, d_width = tape.gradient(chi2, [centre, width])
print("chi2 = %.6f" % chi2.numpy())
print("d centre = %.4f" % d_centre.numpy())
print("d width =", d_width)
