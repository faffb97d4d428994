"""Fit of a sine wave with three parameters."""
import numpy as np
import tensorflow as tf

ts = np.linspace(0.0, 2.0, 20, dtype="float32")
data = 1.5 * np.sin(2.2 * ts + 0.4).astype("float32")
amplitude = tf.Variable(1.0)
omega = tf.Variable(2.0)
phase = tf.Variable(0.0)

for step in range(3):
    with tf.GradientTape() as tape:
        model = amplitude.numpy() * np.sin(omega.numpy() * ts + phase.numpy())
        loss = tf.reduce_mean(tf.square(model - data))
    grads = tape.gradient(loss, [amplitude, omega, phase])
    for parameter, grad in zip([amplitude, omega, phase], grads):
        parameter.assign_sub(0.2 * grad)
    print("step", step, "loss %.5f" % float(loss))
