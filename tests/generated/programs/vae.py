import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(4)

encoder = tf.keras.Sequential([tf.keras.Input((6,)), tf.keras.layers.Dense(4)])
decoder = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(6)])
trainable = encoder.trainable_variables + decoder.trainable_variables
optimizer = tf.keras.optimizers.Adam(learning_rate=1e-2)


def log_normal_pdf(sample, mean, logvar):
    log2pi = tf.math.log(2.0 * np.pi)
    return tf.reduce_sum(-0.5 * ((sample - mean) ** 2.0 * tf.exp(-logvar) + logvar + log2pi), axis=1)


def compute_loss(x, eps):
    mean, logvar = tf.split(encoder(x), num_or_size_splits=2, axis=1)
    z = eps * tf.exp(logvar * 0.5) + mean
    x_logit = decoder(z)
    cross_ent = tf.nn.sigmoid_cross_entropy_with_logits(logits=x_logit, labels=x)
    logpx_z = -tf.reduce_sum(cross_ent, axis=1)
    logpz = log_normal_pdf(z, 0.0, 0.0)
    logqz_x = log_normal_pdf(z, mean, logvar)
    return -tf.reduce_mean(logpx_z + logpz - logqz_x)


batch = tf.constant(np.random.randint(0, 2, size=(8, 6)).astype("float32"))
noise = tf.random.normal((8, 2))

for step in range(3):
    with tf.GradientTape() as tape:
        elbo_loss = compute_loss(batch, noise)
    gradients = tape.gradient(elbo_loss, trainable)
    optimizer.apply_gradients(zip(gradients, trainable))
    print("step", step, "ELBO", -elbo_loss.numpy())
