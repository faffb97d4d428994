"""Variational autoencoder with a NumPy ELBO."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(41)
encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(4)])
decoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(6)])
optimizer = keras.optimizers.Adam(1e-2)
images = tf.cast(tf.random.uniform((8, 6)) > 0.5, tf.float32)


def kl_divergence(mean, logvar):
    return 0.5 * tf.reduce_sum(tf.exp(logvar) + mean ** 2 - 1.0 - logvar, axis=1)


def elbo(x):
    mean, logvar = tf.split(encoder(x), 2, axis=1)
    z = mean + tf.random.normal(mean.shape) * tf.exp(logvar * 0.5)
    logits = decoder(z)
    bce = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
    return tf.reduce_mean(tf.reduce_sum(bce, axis=1) + kl_divergence(mean, logvar))


def step(x):
    with tf.GradientTape() as tape:
        loss = elbo(x)
    variables = encoder.trainable_variables + decoder.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


for epoch in range(2):
    print("epoch", epoch, "elbo %.4f" % step(images))
