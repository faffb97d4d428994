"""Contrastive loss with a report at the end."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(90)
anchor = tf.random.normal((4, 3))
positive = anchor + 0.1 * tf.random.normal((4, 3))
projection = tf.Variable(tf.random.normal((3, 3)))


def normalise(v):
    return v / tf.norm(v, axis=1, keepdims=True)


def info_nce(a, b):
    sim = tf.matmul(a, b, transpose_b=True) / 0.5
    return -tf.reduce_mean(tf.linalg.diag_part(sim) - tf.math.log(tf.reduce_sum(tf.exp(sim), axis=1)))


with tf.GradientTape() as tape:
    a = normalise(tf.matmul(anchor, projection))
    b = normalise(tf.matmul(positive, projection))
    loss = info_nce(a, b)
    objective = tf.convert_to_tensor(loss)

grad = tape.gradient(objective, projection)
print("loss is %.4f" % loss.item())
