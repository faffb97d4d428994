"""A tiny variational autoencoder trained with a custom loop."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(3)
latent = 2


class VAE(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.layers.Dense(2 * latent)
        self.hidden = keras.layers.Dense(8, activation="tanh")
        self.decoder = keras.layers.Dense(6, activation="sigmoid")

    def encode(self, x):
        return tf.split(self.encoder(x), 2, axis=1)

    def decode(self, z):
        return self.decoder(self.hidden(z))


def elbo_loss(model, x):
    mean, logvar = model.encode(x)
    eps = tf.random.normal(tf.shape(mean))
    z = mean + eps * tf.exp(0.5 * logvar)
    recon = model.decode(z)
    rec_loss = tf.reduce_mean(tf.reduce_sum(tf.square(x - recon), axis=1))
    kl = -0.5 * np.mean(np.sum(1 + logvar - np.square(mean) - np.exp(logvar), axis=1))
    return np.float32(rec_loss + kl)


model = VAE()
optimizer = keras.optimizers.Adam(1e-2)
data = tf.random.uniform((12, 6))

for epoch in range(2):
    with tf.GradientTape() as tape:
        loss = elbo_loss(model, data)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    print(f"epoch {epoch}: {float(loss):.4f}")
