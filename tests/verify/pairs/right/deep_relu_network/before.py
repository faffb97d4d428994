"""A deep stack of convolution, normalization and ReLU: rounding decides about some of its units."""

import tensorflow as tf

inputs = tf.keras.Input((12, 12, 3))
x = inputs
for block in range(14):
    x = tf.keras.layers.Conv2D(6, 3, padding="same", use_bias=False)(x)
    x = tf.keras.layers.BatchNormalization()(x)
    x = tf.keras.layers.ReLU()(x)
x = tf.keras.layers.GlobalAveragePooling2D()(x)
model = tf.keras.Model(inputs, tf.keras.layers.Dense(5)(x))

images = tf.random.uniform((8, 12, 12, 3))
labels = tf.constant([0, 1, 2, 3, 4, 0, 1, 2])
first = model.trainable_variables[0]

with tf.GradientTape() as tape:
    logits = model(images, training=True)
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
print("gradient of the first kernel:", tape.gradient(loss, first))
