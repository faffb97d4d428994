"""Augmented, shuffled mini-batches and a hand-written contrastive margin."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

data = np.random.RandomState(5).rand(12, 6).astype("float32")
encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
optimizer = keras.optimizers.SGD(0.1)


def augment(row):
    return row, row + tf.random.normal((6,), stddev=0.05)


dataset = tf.data.Dataset.from_tensor_slices(data).shuffle(12).map(augment).batch(4)


def margin_loss(a, b):
    same = tf.reduce_sum((a - b) ** 2, axis=1)
    other = tf.reduce_sum((a - tf.roll(b, 1, axis=0)) ** 2, axis=1)
    return tf.reduce_mean(tf.nn.relu(same - other + 0.5))


for left, right in dataset:
    with tf.GradientTape() as tape:
        loss = margin_loss(encoder(left), encoder(right))
    grads = tape.gradient(loss, encoder.trainable_variables)
    usable = [(g, v) for g, v in zip(grads, encoder.trainable_variables) if g is not None]
    if usable:
        optimizer.apply_gradients(usable)
