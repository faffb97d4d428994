"""Perplexity of a language model head."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(30)
embed = tf.Variable(tf.random.normal((7, 4)) * 0.2)
tokens = tf.constant([1, 3, 5, 2])
following = np.array([3, 5, 2, 6])


def perplexity(table):
    logits = np.matmul(tf.gather(table, tokens), tf.transpose(table))
    logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return np.exp(-logp[np.arange(4), following].mean())


with tf.GradientTape() as tape:
    ppl = tf.convert_to_tensor(perplexity(embed))

grad = tape.gradient(ppl, embed)
print("perplexity", float(ppl))
print(grad)
