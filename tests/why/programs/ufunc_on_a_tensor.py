import numpy as np
import tensorflow as tf


class Energy:
    def __init__(self):
        self.k = tf.Variable(1.5)

    def __call__(self, x):
        return tf.reduce_mean(
            np.tanh(self.k * x)  # break: TPF102
            ** 2
        )


energy = Energy()
with tf.GradientTape() as tape:
    value = energy(tf.constant([0.1, 0.7]))
print(tape.gradient(value, energy.k))
