"""Feature inversion: optimise an input so that its features match."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(17)


class Features(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(5)
        self.norm = keras.layers.BatchNormalization()

    def call(self, x, training=False):
        return tf.nn.elu(self.norm(self.dense(x), training=training))


features = Features()
wanted = features(tf.random.normal((3, 4)))
guess = tf.Variable(tf.zeros((3, 4)) + 0.1)

for step in range(2):
    with tf.GradientTape() as tape:
        got = features.predict_on_batch(guess.numpy())
        loss = tf.reduce_sum(tf.square(got - wanted))
    grad = tape.gradient(loss, guess)
    print(step, float(loss))
    if grad is not None:
        guess.assign_sub(0.05 * grad)
