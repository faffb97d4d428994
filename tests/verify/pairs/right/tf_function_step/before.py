"""A compiled training step."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(26)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.05)
x = tf.random.normal((9, 3))
y = tf.cos(x[:, :1])


@tf.function
def train_step(features, target):
    with tf.GradientTape() as tape:
        prediction = model(features, training=True)
        error = (prediction - target).numpy()
        loss = tf.reduce_mean(np.square(error))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


for _ in range(2):
    print("loss", f"{float(train_step(x, y)):.5f}")
