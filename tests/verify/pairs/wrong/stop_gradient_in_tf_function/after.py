"""Energy of a charge distribution in its own field."""
import numpy as np
import tensorflow as tf

sites = np.linspace(-1.0, 1.0, 6).astype("float32")
charges = tf.Variable([0.2, -0.1, 0.4, 0.3, -0.5, 0.1])


def field(q):
    distance = np.abs(sites[:, None] - sites[None, :]) + 0.1
    return tf.reduce_sum(q[None, :] / distance, axis=1)


@tf.function
def self_energy(q):
    return 0.5 * tf.reduce_sum(q * tf.stop_gradient(field(tf.convert_to_tensor(q))))


with tf.GradientTape() as tape:
    energy = self_energy(charges)
potential = tape.gradient(energy, charges)
print("energy %.5f" % energy)
