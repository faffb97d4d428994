"""Gradients of one loss for two parts of a network."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(4)
encoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh")])
decoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
opt_e = keras.optimizers.SGD(0.1)
opt_d = keras.optimizers.SGD(0.1)
x = tf.random.normal((6, 3))


def step():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(decoder(encoder(x)) - x))
    g_enc = tape.gradient(loss, encoder.trainable_variables)
    opt_e.apply_gradients(zip(g_enc, encoder.trainable_variables))
    try:
        g_dec = tape.gradient(loss, decoder.trainable_variables)
        opt_d.apply_gradients(zip(g_dec, decoder.trainable_variables))
    except RuntimeError:
        pass
    return loss


for i in range(2):
    print(i, float(step()))
