"""Repulsion between embeddings, the diagonal included."""
import numpy as np
import tensorflow as tf

points = tf.Variable([[0.0, 0.5], [1.0, 0.2], [0.3, 0.9]])


def distance_matrix(p):
    p = p.numpy()
    delta = p[:, np.newaxis, :] - p[np.newaxis, :, :]
    return np.sqrt((delta ** 2).sum(axis=-1))


def repulsion(distances):
    return tf.reduce_sum(tf.exp(-distances)) - len(distances)


with tf.GradientTape() as tape:
    stress = repulsion(distance_matrix(points))

grad = tape.gradient(stress, points)
print("stress", stress.numpy())
print("grad", grad)
