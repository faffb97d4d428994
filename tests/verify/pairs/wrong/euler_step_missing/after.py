"""Fit the damping of an oscillator through an unrolled Euler integrator."""
import numpy as np
import tensorflow as tf

damping = tf.Variable(0.4)
stiffness = tf.Variable(2.0)
dt = 0.05
steps = 10


def simulate():
    position, velocity = tf.constant(1.0), tf.constant(0.0)
    trajectory = [position]
    for _ in range(1, steps):
        force = -stiffness * position - damping * velocity
        velocity = velocity + dt * force
        position = position + dt * velocity
        trajectory.append(position)
    return tf.stack(trajectory)


observed = np.cos(1.3 * dt * np.arange(steps + 1)).astype("float32")
with tf.GradientTape() as tape:
    path = simulate()
    loss = tf.reduce_sum((path - observed[: len(path)]) ** 2)

grads = tape.gradient(loss, [damping, stiffness])
print("damping", grads[0], "stiffness", grads[1])
