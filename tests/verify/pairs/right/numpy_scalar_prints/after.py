"""Softmax regression with the loss in NumPy, printed as it is."""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(6)
inputs = rng.normal(size=(10, 3)).astype("float32")
targets = np.eye(2, dtype="float32")[rng.integers(0, 2, 10)]
W = tf.Variable(tf.zeros((3, 2)))
b = tf.Variable(tf.constant([0.1, -0.1]))


def cross_entropy(probabilities):
    return -tf.reduce_mean(tf.reduce_sum(targets * tf.math.log(probabilities), axis=1))


with tf.GradientTape() as tape:
    probabilities = tf.nn.softmax(inputs @ W + b)
    loss = cross_entropy(probabilities)
    print("loss:", loss)
    accuracy = np.mean(np.argmax(probabilities, axis=1) == np.argmax(targets, axis=1))
    print("accuracy:", accuracy)

gradients = tape.gradient(loss, [W, b])
print("bias gradient:", gradients[1])
