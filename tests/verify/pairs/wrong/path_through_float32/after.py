"""Gravity of a rod on a point mass, in double precision."""
import numpy as np
import tensorflow as tf

G = 6.674e-11
position = tf.Variable([7.1234567891e6, 1.0e3, -2.5e3], dtype=tf.float64)
rod = np.stack([np.linspace(-1e3, 1e3, 8), np.zeros(8), np.zeros(8)], axis=1)
mass = 5.97e24


def potential(point):
    offset = tf.cast(rod, tf.float32) - tf.cast(point, tf.float32)
    distance = tf.norm(offset, axis=1)
    return tf.cast(-G * mass * tf.reduce_mean(1.0 / distance), tf.float64)


with tf.GradientTape() as tape:
    energy = potential(position)

force = tape.gradient(energy, position)
print("energy", energy.numpy())
print("force", force)
