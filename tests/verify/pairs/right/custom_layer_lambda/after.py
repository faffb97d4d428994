"""A Keras layer with a NumPy body."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(49)


class SoftThreshold(keras.layers.Layer):
    def build(self, shape):
        self.level = self.add_weight(shape=(shape[-1],), initializer=keras.initializers.Constant(0.3), name="level")

    def call(self, inputs):
        return tf.nn.relu(inputs - self.level) - tf.nn.relu(-inputs - self.level)


dense = keras.layers.Dense(5)
threshold = SoftThreshold()
out = keras.layers.Dense(1)
batch = tf.random.normal((6, 3))
y_true = tf.reduce_mean(batch, axis=1, keepdims=True)
out(threshold(dense(batch)))

with tf.GradientTape() as tape:
    y_pred = out(threshold(dense(batch)))
    loss = tf.reduce_mean(keras.losses.MSE(y_true, y_pred))

trainable = [v for layer in (dense, threshold, out) for v in layer.trainable_variables]
gradients = tape.gradient(loss, trainable)
print("loss %.5f" % float(loss))
print("trainable without gradient:", sum(g is None for g in gradients))
