"""Saliency of scaled dot-product attention with respect to the queries."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(11)


class Attention:
    def __init__(self, width):
        self.wq = tf.Variable(tf.random.normal((width, width)) * 0.3)
        self.wk = tf.Variable(tf.random.normal((width, width)) * 0.3)
        self.wv = tf.Variable(tf.random.normal((width, width)) * 0.3)
        self.scale = 1.0 / np.sqrt(width)

    def weights(self, q, k):
        scores = tf.matmul(q, k, transpose_b=True) * tf.cast(self.scale, tf.float32)
        e = np.exp(scores)
        return e / np.sum(e, axis=-1, keepdims=True)

    def __call__(self, x, memory):
        q = tf.matmul(x, self.wq)
        k = tf.matmul(memory, self.wk)
        v = tf.matmul(memory, self.wv)
        return tf.matmul(self.weights(q, k), v)


attention = Attention(4)
x = tf.random.normal((5, 4))
memory = tf.random.normal((5, 4))

with tf.GradientTape() as tape:
    tape.watch(x)
    out = attention(x, memory)
    score = tf.reduce_sum(out[:, 0])

saliency = tape.gradient(score, x)
print("output", out.shape)
print("saliency", None if saliency is None else tf.reduce_sum(tf.abs(saliency), axis=1))
