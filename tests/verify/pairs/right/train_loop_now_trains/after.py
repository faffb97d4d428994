"""Custom Keras training loop over a dataset."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(22)
rng = np.random.default_rng(3)
x = rng.normal(size=(24, 4)).astype("float32")
y = (x[:, :1] - 2.0 * x[:, 1:2]).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
optimizer = keras.optimizers.Adam(1e-2)


def huber(y_true, y_pred, delta=1.0):
    error = y_true - y_pred
    size = tf.abs(error)
    return tf.reduce_mean(tf.where(size <= delta, 0.5 * error ** 2, delta * (size - 0.5 * delta)))


for epoch in range(2):
    total = 0.0
    for features, target in dataset:
        with tf.GradientTape() as tape:
            loss = huber(target, model(features, training=True))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        total += float(loss)
    print("epoch", epoch, "mean loss", total / 3)
