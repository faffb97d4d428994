import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(0)
layers = [tf.keras.layers.Conv2D(4, 3, activation="relu"), tf.keras.layers.GlobalAveragePooling2D()]
model = tf.keras.Sequential([tf.keras.Input((8, 8, 3)), *layers, tf.keras.layers.Dense(5)])
image = np.random.RandomState(0).rand(1, 8, 8, 3).astype(np.float32)
top = np.argmax(model.predict(image, verbose=0)[0])
with tf.GradientTape() as tape:
    score = model(image, training=False)[0][top]
gradient = tape.gradient(score, image)  # break: TPF205
