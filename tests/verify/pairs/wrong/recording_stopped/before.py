"""Energy of a spin chain with learnt couplings."""
import numpy as np
import tensorflow as tf

couplings = tf.Variable([0.5, -0.3, 0.8])
fields = tf.constant([0.1, 0.2, -0.1, 0.05])


def magnetisation(j):
    m = tf.tanh(fields)
    for _ in range(3):
        left = tf.concat([[0.0], j * m[:-1]], axis=0)
        right = tf.concat([j * m[1:], [0.0]], axis=0)
        m = tf.tanh(fields + left + right)
    return m


def energy(j, m):
    return -np.sum(j * m[1:] * m[:-1]) - np.sum(fields * m)


with tf.GradientTape() as tape:
    spins = magnetisation(couplings)
    e = energy(couplings, spins)
    target = tf.convert_to_tensor(e)

force = tape.gradient(target, couplings)
print("energy %.5f" % target.numpy())
