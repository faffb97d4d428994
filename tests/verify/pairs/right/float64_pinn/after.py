"""Poisson equation u'' = -sin(x) by a network in double precision."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.backend.set_floatx("float64")
keras.utils.set_random_seed(38)


class PoissonNet:
    def __init__(self, width):
        self.hidden = keras.layers.Dense(width, activation="tanh")
        self.head = keras.layers.Dense(1)

    def __call__(self, x):
        return x * (np.pi - x) * self.head(self.hidden(x))

    @property
    def variables(self):
        return self.hidden.trainable_variables + self.head.trainable_variables


points = tf.constant(np.linspace(0.1, 3.0, 9).reshape(-1, 1))
net = PoissonNet(5)
net(points)

with tf.GradientTape() as train_tape:
    with tf.GradientTape() as second:
        second.watch(points)
        with tf.GradientTape() as first:
            first.watch(points)
            u = net(points)
        du = first.gradient(u, points)
    d2u = second.gradient(du, points)
    loss = tf.reduce_mean((d2u + tf.sin(points)) ** 2)

grads = train_tape.gradient(loss, net.variables)
print("missing:", sum(g is None for g in grads))
