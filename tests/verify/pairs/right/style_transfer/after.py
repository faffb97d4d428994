"""Style loss over three layers of a small network."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(47)
inputs = keras.Input((8, 8, 3))
features, h = [], inputs
for filters in (2, 3, 4):
    h = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(h)
    features.append(h)
extractor = keras.Model(inputs, features)
extractor.trainable = False
style = tf.random.uniform((1, 8, 8, 3))
generated = tf.Variable(tf.random.uniform((1, 8, 8, 3)))


def gram(feature_map):
    height, width = feature_map.shape[1:3]
    return tf.einsum("bijc,bijd->cd", feature_map, feature_map) / float(height * width)


style_grams = [gram(f) for f in extractor(style)]

for step in range(2):
    with tf.GradientTape() as tape:
        pairs = zip(style_grams, extractor(generated))
        style_loss = tf.add_n([tf.reduce_mean(tf.square(gram(p) - w)) for w, p in pairs])
    grad = tape.gradient(style_loss, generated)
    print(step, "style loss %.6f" % float(style_loss))
    generated.assign(tf.clip_by_value(generated - 0.1 * grad, 0.0, 1.0))
