"""Total variation denoising of a one-dimensional signal."""
import numpy as np
import tensorflow as tf

t = np.linspace(0, 1, 20).astype("float32")
noisy = np.sign(t - 0.5) + 0.1 * np.sin(40 * t)
estimate = tf.Variable(noisy.astype("float32") * 0.8)


def total_variation(u):
    return tf.reduce_sum(tf.sqrt(tf.square(u[1:] - u[:-1]) + 1e-3))


def objective(u):
    fidelity = 0.5 * tf.reduce_sum(tf.square(u - noisy))
    tv = total_variation(u)
    return fidelity.numpy() + 0.3 * tv.numpy(), tv


with tf.GradientTape() as tape:
    total, tv = objective(estimate)
    loss = tf.convert_to_tensor(total)

gradient = tape.gradient(loss, estimate)
print("objective %.4f, tv %.4f" % (float(loss), float(tv)))
print("gradient", gradient)
