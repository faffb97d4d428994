"""Skip-gram with an embedding table and NumPy in the similarity."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(36)
table = keras.layers.Embedding(8, 4)
context = tf.Variable(tf.random.normal((8, 4)) * 0.3)
words = tf.constant([1, 4, 4, 6])
neighbours = tf.constant([2, 1, 5, 4])
negatives = tf.constant([0, 7, 3, 3])
table.build((None,))


def similarity(a, b):
    return np.sum(a.numpy() * b.numpy(), axis=1)


with tf.GradientTape() as tape:
    centre = table(words)
    positive = similarity(centre, tf.gather(context, neighbours))
    negative = similarity(centre, tf.gather(context, negatives))
    loss = -tf.reduce_mean(tf.math.log_sigmoid(positive) + tf.math.log_sigmoid(-negative))

g_table, g_context = tape.gradient(loss, [table.trainable_variables[0], context])
print("loss %.5f" % float(loss))
if g_context is not None:
    context.scatter_sub(tf.IndexedSlices(0.1 * g_context.values, g_context.indices))
