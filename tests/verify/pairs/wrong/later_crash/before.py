"""Contrastive loss with a report at the end."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(90)
anchor = tf.random.normal((4, 3))
positive = anchor + 0.1 * tf.random.normal((4, 3))
projection = tf.Variable(tf.random.normal((3, 3)))


def normalise(v):
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def info_nce(a, b):
    sim = np.matmul(a, b.T) / 0.5
    return -np.mean(np.diag(sim) - np.log(np.exp(sim).sum(axis=1)))


with tf.GradientTape() as tape:
    a = normalise(tf.matmul(anchor, projection).numpy())
    b = normalise(tf.matmul(positive, projection).numpy())
    loss = info_nce(a, b)
    objective = tf.convert_to_tensor(loss)

grad = tape.gradient(objective, projection)
print("loss is %.4f" % loss.item())
