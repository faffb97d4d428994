"""Per-sample energy of small spring networks."""
import numpy as np
import tensorflow as tf

positions = tf.constant(np.random.RandomState(3).rand(4, 3, 2).astype("float32"))
rest = 0.4


def energy(sample):
    ends, starts = np.tril_indices(3, -1)
    length = tf.norm(tf.gather(sample, ends) - tf.gather(sample, starts), axis=1)
    return 0.5 * tf.reduce_sum((length - rest) ** 2)


with tf.GradientTape() as tape:
    tape.watch(positions)
    energies = tf.vectorized_map(energy, positions)
forces = tape.gradient(energies, positions)
print("energies", energies.numpy().round(5))
