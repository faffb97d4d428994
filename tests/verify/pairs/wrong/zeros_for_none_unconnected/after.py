"""Gradient of a potential with respect to atom positions."""
import numpy as np
import tensorflow as tf

positions = tf.Variable([[0.0, 0.0, 0.0], [1.1, 0.0, 0.0], [0.0, 1.3, 0.2]])


def pair_distances(points):
    p = np.asarray(points)
    i, j = np.triu_indices(len(p), k=1)
    return np.sqrt(((p[i] - p[j]) ** 2).sum(axis=-1))


def lennard_jones(r):
    s6 = (1.0 / r) ** 6
    return tf.reduce_sum(4.0 * (s6 ** 2 - s6))


with tf.GradientTape() as tape:
    energy = lennard_jones(tf.constant(pair_distances(positions)))

forces = tape.gradient(energy, positions, unconnected_gradients=tf.UnconnectedGradients.ZERO)
print("energy %.5f" % float(energy))
print("forces", forces)
