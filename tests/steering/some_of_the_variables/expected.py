"""A gate whose candidate is computed with NumPy: half of the layer's weights get no gradient."""

import numpy as np
import tensorflow as tf


class Highway(tf.keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.gate = tf.keras.layers.Dense(units, activation="sigmoid")
        self.candidate = tf.keras.layers.Dense(units)

    def call(self, inputs):
        gate = self.gate(inputs)
        # squashed by hand, as in the paper
        proposed = tf.tanh(self.candidate(inputs))
        return gate * proposed + (1.0 - gate) * inputs


tf.keras.utils.set_random_seed(3)
layer = Highway(4)
batch = tf.random.normal((6, 4))
target = tf.random.normal((6, 4))

with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.square(layer(batch) - target))

grads = tape.gradient(loss, layer.trainable_variables)
for variable, grad in zip(layer.trainable_variables, grads):
    print(variable.path, None if grad is None else round(float(tf.norm(grad)), 4))
