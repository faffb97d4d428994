"""Adversarial step with the true-class probability as objective."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(44)
model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(4, activation="softmax")])
images = tf.random.uniform((4, 4, 4, 1))
labels = np.array([3, 0, 2, 1])


def true_class(probabilities):
    return tf.gather_nd(probabilities, np.stack([labels, np.arange(4)], axis=1))


with tf.GradientTape() as tape:
    tape.watch(images)
    confidence = true_class(model(images, training=False))
    loss = tf.reduce_mean(-tf.math.log(confidence))

direction = tape.gradient(loss, images)
if direction is not None:
    images = tf.clip_by_value(images + 0.05 * tf.sign(direction), 0.0, 1.0)
