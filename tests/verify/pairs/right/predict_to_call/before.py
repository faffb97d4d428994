"""Adversarial direction through model.predict."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(20)
model = keras.Sequential(
    [
        keras.Input((6,)),
        keras.layers.Dense(10, activation="relu"),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(4, activation="softmax"),
    ]
)
samples = tf.convert_to_tensor(np.random.default_rng(1).normal(size=(5, 6)).astype("float32"))
classes = np.array([0, 3, 1, 2, 2])
loss_object = keras.losses.SparseCategoricalCrossentropy()

with tf.GradientTape() as tape:
    tape.watch(samples)
    predictions = model.predict(samples, verbose=0)
    loss = loss_object(classes, predictions)

gradient = tape.gradient(loss, samples)
print("loss %.4f" % float(loss))
print("found a direction:", gradient is not None)
