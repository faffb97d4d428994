"""Train a small classifier and look at its saliency in the same step."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(2)
model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(6, activation="relu"), keras.layers.Dense(3)])
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
images = tf.random.uniform((4, 5))
labels = tf.constant([0, 2, 1, 1])

with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
    tape.watch(images)
    logits = model(images, training=True)
    loss = loss_fn(labels, logits)
    top = tf.reduce_sum(tf.reduce_max(model(images), axis=1))

weight_grads = tape.gradient(loss, model.trainable_variables)
saliency = tape.gradient(top, images)
del tape

print("loss", float(loss))
print("weights", [None if g is None else tuple(g.shape) for g in weight_grads])
print("saliency", saliency)
