"""Training loop that reports its own speed."""
import time

import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(52)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, activation="relu"), keras.layers.Dense(2)])
optimizer = keras.optimizers.RMSprop(1e-3)
x = tf.random.normal((10, 4))
y = tf.stack([tf.reduce_sum(x, axis=1), tf.reduce_max(x, axis=1)], axis=1)


def loss_fn(prediction):
    return tf.reduce_mean(tf.math.log(tf.cosh(prediction - y)))


for epoch in range(2):
    start = time.time()
    prediction = model(x, training=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(prediction)
    grads = tape.gradient(loss, model.trainable_variables)
    pairs = [(g, v) for g, v in zip(grads, model.trainable_variables) if g is not None]
    if pairs:
        optimizer.apply_gradients(pairs)
    print("Time taken for epoch %d: %.4fs" % (epoch + 1, time.time() - start))
