"""Grad-CAM on a very small convolutional network."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(6)
inputs = keras.Input((8, 8, 1))
conv = keras.layers.Conv2D(3, 3, activation="relu")(inputs)
pooled = keras.layers.GlobalAveragePooling2D()(conv)
outputs = keras.layers.Dense(2)(pooled)
grad_model = keras.Model(inputs, [conv, outputs])
image = tf.random.uniform((1, 8, 8, 1))

with tf.GradientTape() as tape:
    features, predictions = grad_model(image)
    best = int(np.argmax(predictions[0]))
    score = tf.constant(predictions.numpy()[0, best])

gradient = None
if isinstance(score, np.ndarray):
    gradient = tape.gradient(score, features)
if gradient is not None:
    weights = tf.reduce_mean(gradient, axis=(0, 1, 2))
    heatmap = tf.nn.relu(tf.reduce_sum(features[0] * weights, axis=-1))
print("class", best)
