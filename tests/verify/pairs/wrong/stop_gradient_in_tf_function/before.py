"""Energy of a charge distribution in its own field."""
import numpy as np
import tensorflow as tf

sites = np.linspace(-1.0, 1.0, 6).astype("float32")
charges = tf.Variable([0.2, -0.1, 0.4, 0.3, -0.5, 0.1])


def field(q):
    distance = np.abs(sites[:, None] - sites[None, :]) + 0.1
    return np.sum(q.numpy()[None, :] / distance, axis=1)


def self_energy(q):
    return 0.5 * tf.convert_to_tensor(np.sum(q.numpy() * field(q)))


with tf.GradientTape() as tape:
    energy = self_energy(charges)
potential = tape.gradient(energy, charges)
print("energy %.5f" % energy)
