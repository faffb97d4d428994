"""Gradient norms per layer of a three-layer network."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(62)
layers = [keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(1)]
x = tf.random.normal((6, 4))


def run(inputs):
    h = inputs
    for layer in layers:
        h = layer(tf.convert_to_tensor(h.numpy()))
    return h


run(x)
weights = [layer.kernel for layer in layers]
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(run(x) ** 2)
grads = tape.gradient(loss, weights)
print("loss %.5f" % loss)
print("missing", [g is None for g in grads][0])
