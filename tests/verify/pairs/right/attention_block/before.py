"""Relevance of tokens for a small transformer block."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(64)


class Block(keras.layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.attention = keras.layers.MultiHeadAttention(num_heads=2, key_dim=width // 2)
        self.norm = keras.layers.LayerNormalization()
        self.feed = keras.layers.Dense(width, activation="gelu")
        self.out = keras.layers.Dense(2)

    def call(self, x):
        h = self.norm(x + self.attention(x, x))
        h = h + self.feed(h)
        return self.out(tf.reduce_mean(h, axis=1))


block = Block(4)
embedded = tf.random.normal((2, 5, 4))
block(embedded)
block.trainable = False

with tf.GradientTape(watch_accessed_variables=False) as tape:
    score = block(embedded)[:, 1]
relevance = tape.gradient(score, embedded)
if relevance is not None:
    top = tf.argmax(tf.norm(relevance, axis=-1), axis=1)
print("scores", score.numpy().round(4))
