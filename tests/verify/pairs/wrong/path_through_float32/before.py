"""Gravity of a rod on a point mass, in double precision."""
import numpy as np
import tensorflow as tf

G = 6.674e-11
position = tf.Variable([7.1234567891e6, 1.0e3, -2.5e3], dtype=tf.float64)
rod = np.stack([np.linspace(-1e3, 1e3, 8), np.zeros(8), np.zeros(8)], axis=1)
mass = 5.97e24


def potential(point):
    distance = np.linalg.norm(rod - point.numpy(), axis=1)
    return -G * mass * np.mean(1.0 / distance)


with tf.GradientTape() as tape:
    energy = tf.constant(potential(position), dtype=tf.float64)

force = tape.gradient(energy, position)
print("energy", energy.numpy())
print("force", force)
