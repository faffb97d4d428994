"""Fast gradient sign method on a small classifier."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(11)


def build():
    inputs = tf.keras.Input((6,))
    hidden = tf.keras.layers.Dense(8, activation="tanh")(inputs)
    outputs = tf.keras.layers.Dense(3, activation="softmax")(hidden)
    return tf.keras.Model(inputs, outputs)


def adversarial_pattern(model, x, y):
    loss_object = tf.keras.losses.CategoricalCrossentropy()
    with tf.GradientTape() as tape:
        tape.watch(x)
        prediction = model(x)
        loss = loss_object(y, prediction)
    gradient = tape.gradient(loss, x)
    return tf.sign(gradient)


classifier = build()
batch = tf.convert_to_tensor(np.random.rand(4, 6).astype(np.float32))
targets = tf.one_hot([0, 1, 2, 1], 3)
for epsilon in (0.01, 0.1):
    attacked = batch + epsilon * adversarial_pattern(classifier, batch, targets)
    shift = tf.reduce_mean(tf.abs(attacked - batch))
    print(epsilon, float(shift))
