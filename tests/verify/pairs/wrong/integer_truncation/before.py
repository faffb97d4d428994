"""Exposure fitting on 8-bit camera data."""
import numpy as np
import tensorflow as tf

raw = np.array([[12, 200, 45], [90, 31, 160], [7, 77, 250]], dtype=np.uint8)
reference = tf.constant([[20.0, 230.0, 60.0], [110.0, 40.0, 190.0], [10.0, 95.0, 255.0]])
gain = tf.Variable(1.1)
offset = tf.Variable(2.5)


def develop(image):
    exposed = gain * image.astype("float32") + offset
    return np.clip(exposed, 0.0, 255.0)


with tf.GradientTape() as tape:
    picture = develop(raw)
    error = tf.reduce_mean(tf.square(picture - reference))

grads = tape.gradient(error, [gain, offset])
print("gain", grads[0])
print("offset", grads[1])
