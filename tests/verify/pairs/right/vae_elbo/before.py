"""Variational autoencoder with a NumPy ELBO."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(41)
encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(4)])
decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(6)])
optimizer = keras.optimizers.Adam(1e-2)
images = tf.cast(tf.random.uniform((8, 6)) > 0.5, tf.float32)


def elbo(x):
    mean, logvar = tf.split(encoder(x), 2, axis=1)
    z = mean + tf.random.normal(mean.shape) * tf.exp(logvar * 0.5)
    logits = decoder(z).numpy()
    bce = np.maximum(logits, 0) - logits * x.numpy() + np.log1p(np.exp(-np.abs(logits)))
    kl = 0.5 * np.sum(np.exp(logvar) + np.square(mean) - 1.0 - logvar.numpy(), axis=1)
    return np.mean(np.sum(bce, axis=1) + kl)


def step(x):
    with tf.GradientTape() as tape:
        loss = elbo(x)
    variables = encoder.trainable_variables + decoder.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


for epoch in range(2):
    print("epoch", epoch, "elbo %.4f" % step(images))
