import tensorflow as tf
from tensorflow.keras import layers

tf.keras.utils.set_random_seed(29)

projector = tf.keras.Sequential([layers.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(4)])
temperature = 0.5


def nt_xent(a, b):
    a = tf.math.l2_normalize(a, axis=1)
    b = tf.math.l2_normalize(b, axis=1)
    similarity = tf.matmul(a, b, transpose_b=True) / temperature
    labels = tf.range(tf.shape(a)[0])
    forward = tf.keras.losses.sparse_categorical_crossentropy(labels, similarity, from_logits=True)
    backward = tf.keras.losses.sparse_categorical_crossentropy(labels, tf.transpose(similarity), from_logits=True)
    return tf.reduce_mean(forward + backward) / 2.0


first_view = tf.random.normal((6, 8))
second_view = first_view + 0.1 * tf.random.normal((6, 8))

with tf.GradientTape() as tape:
    z1 = projector(first_view)
    z2 = projector(second_view)
    loss = nt_xent(z1, z2)

gradients = tape.gradient(loss, projector.trainable_weights)
norm = tf.linalg.global_norm(gradients)
print("loss", float(loss), "norm", float(norm))
