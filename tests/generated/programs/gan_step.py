import tensorflow as tf
from tensorflow.keras import layers

tf.keras.utils.set_random_seed(7)
latent_dim = 4

generator = tf.keras.Sequential([layers.Input((latent_dim,)), layers.Dense(8, activation="relu"), layers.Dense(2)])
discriminator = tf.keras.Sequential([layers.Input((2,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
bce = tf.keras.losses.BinaryCrossentropy(from_logits=True)
g_opt = tf.keras.optimizers.Adam(1e-3)
d_opt = tf.keras.optimizers.Adam(1e-3)


def train_step(real):
    noise = tf.random.stateless_normal([real.shape[0], latent_dim], seed=[1, 2])

    with tf.GradientTape() as gen_tape, tf.GradientTape() as disc_tape:
        fake = generator(noise, training=True)
        real_output = discriminator(real, training=True)
        fake_output = discriminator(fake, training=True)

        gen_loss = bce(tf.ones_like(fake_output), fake_output)
        real_loss = bce(tf.ones_like(real_output), real_output)
        fake_loss = bce(tf.zeros_like(fake_output), fake_output)
        disc_loss = real_loss + fake_loss

    gen_gradients = gen_tape.gradient(gen_loss, generator.trainable_variables)
    disc_gradients = disc_tape.gradient(disc_loss, discriminator.trainable_variables)
    g_opt.apply_gradients(zip(gen_gradients, generator.trainable_variables))
    d_opt.apply_gradients(zip(disc_gradients, discriminator.trainable_variables))
    return gen_loss, disc_loss


data = tf.random.stateless_normal([16, 2], seed=[3, 4])
for i in range(2):
    g, d = train_step(data)
    tf.print("gen", g, "disc", d)
