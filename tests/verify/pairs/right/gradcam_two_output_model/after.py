"""Grad-CAM where the features come from a call of their own."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(45)
inputs = keras.Input((10, 10, 1))
x = keras.layers.Conv2D(3, 3, activation="relu", name="last_conv")(inputs)
y = keras.layers.GlobalAveragePooling2D()(x)
outputs = keras.layers.Dense(4, activation="softmax")(y)
model = keras.Model(inputs, outputs)
cam_model = keras.Model(model.inputs, [model.get_layer("last_conv").output, model.outputs[0]])
image = tf.random.uniform((1, 10, 10, 1))

with tf.GradientTape() as tape:
    features, predictions = cam_model(image)
    index = tf.argmax(predictions[0])
    score = predictions[:, index]

grads = tape.gradient(score, features)
print("class", int(index))
if grads is not None:
    weights = tf.reduce_mean(grads, axis=(1, 2), keepdims=True)
    cam = tf.nn.relu(tf.reduce_sum(weights * features, axis=-1))
