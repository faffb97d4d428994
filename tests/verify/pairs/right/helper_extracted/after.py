"""Fit of a sine wave with three parameters."""
import numpy as np
import tensorflow as tf

ts = np.linspace(0.0, 2.0, 20, dtype="float32")
data = 1.5 * np.sin(2.2 * ts + 0.4).astype("float32")
amplitude = tf.Variable(1.0)
omega = tf.Variable(2.0)
phase = tf.Variable(0.0)
parameters = [amplitude, omega, phase]


def wave(times):
    return amplitude * tf.sin(omega * times + phase)


def loss_and_gradients():
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(tf.math.squared_difference(wave(ts), data))
    return value, tape.gradient(value, parameters)


for step in range(3):
    loss, grads = loss_and_gradients()
    for parameter, grad in zip(parameters, grads):
        parameter.assign_sub(0.2 * grad)
    print("step", step, "loss %.5f" % float(loss))
