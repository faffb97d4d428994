"""Saliency map of a small convolutional classifier."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
image = tf.random.uniform((1, 8, 8, 1))
label = 2
for layer in model.layers:
    layer.trainable = False


def saliency_map(picture, index):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        probability = model(picture, training=False)[:, index]
    return tape.gradient(probability, picture)


saliency = saliency_map(image, label)
print("saliency", saliency is not None)
