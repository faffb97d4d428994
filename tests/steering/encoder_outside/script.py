"""An autoencoder whose encoder runs before the tape: the decoder learns, and nobody else does."""

import tensorflow as tf

tf.keras.utils.set_random_seed(11)


class Autoencoder(tf.keras.Model):
    def __init__(self, width=3):
        super().__init__()
        self.encoder = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(width, activation="tanh")])
        self.decoder = tf.keras.Sequential([tf.keras.Input((width,)), tf.keras.layers.Dense(5)])

    def call(self, batch):
        return self.decoder(self.encoder(batch))


def train(model, batches, optimizer):
    for batch in batches:
        code = model.encoder(batch)  # what the decoder works on
        with tf.GradientTape() as tape:
            restored = model.decoder(code)
            loss = tf.reduce_mean(tf.square(restored - batch))
        weights = model.trainable_variables
        found = [(g, w) for g, w in zip(tape.gradient(loss, weights), weights) if g is not None]
        optimizer.apply_gradients(found)
        print(f"{float(loss):.4f}")


train(Autoencoder(), tf.random.normal((3, 6, 5)), tf.keras.optimizers.SGD(0.1))
