"""Per-sample energy of small spring networks."""
import numpy as np
import tensorflow as tf

positions = tf.constant(np.random.RandomState(3).rand(4, 3, 2).astype("float32"))
rest = 0.4


def energy(sample):
    total = 0.0
    for i in range(3):
        for j in range(i):
            total += 0.5 * (np.linalg.norm(sample[i] - sample[j]) - rest) ** 2
    return total


with tf.GradientTape() as tape:
    tape.watch(positions)
    energies = tf.stack([energy(sample) for sample in positions])
forces = tape.gradient(energies, positions)
print("energies", energies.numpy().round(5))
