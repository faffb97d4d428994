"""One tape for generator and discriminator."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(80)
generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(3)])
discriminator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
bce = keras.losses.BinaryCrossentropy(from_logits=True)
opt_g = keras.optimizers.SGD(0.1)
opt_d = keras.optimizers.SGD(0.1)
real = tf.random.normal((5, 3)) + 1.0


def g_sensitivity(noise):
    with tf.GradientTape() as tape:
        tape.watch(noise)
        out = tf.reduce_sum(generator(noise) ** 2)
    return tape.gradient(out, noise)


for step in range(2):
    noise = tf.random.normal((5, 2))
    with tf.GradientTape(persistent=True) as tape:
        fake = generator(noise)
        d_real, d_fake = discriminator(real), discriminator(fake)
        d_loss = bce(tf.ones_like(d_real), d_real) + bce(tf.zeros_like(d_fake), d_fake)
        g_loss = bce(tf.ones_like(d_fake), d_fake)
    g_grads = tape.gradient(g_loss, generator.trainable_variables)
    d_grads = tape.gradient(d_loss, discriminator.trainable_variables)
    opt_g.apply_gradients(zip(g_grads, generator.trainable_variables))
    opt_d.apply_gradients(zip(d_grads, discriminator.trainable_variables))
    opt_d.apply_gradients(zip(d_grads, discriminator.trainable_variables))
    sensitivity = g_sensitivity(noise)
    print(step, "d %.4f g %.4f" % (d_loss, g_loss))
