"""Reparameterisation trick with a NumPy detour."""
import tensorflow as tf

mu = tf.Variable([0.5, -0.5])
log_sigma = tf.Variable([-1.0, -0.7])


def sample(n):
    noise = tf.random.normal((n, 2))
    return (mu + tf.exp(log_sigma) * noise).numpy()


def score(z):
    return tf.reduce_mean(tf.sin(3.0 * z[:, 0]) + z[:, 1] ** 2)


with tf.GradientTape() as tape:
    objective = score(tf.convert_to_tensor(sample(16)))

g_mu, g_sigma = tape.gradient(objective, [mu, log_sigma])
print("mu", g_mu)
print("log sigma", g_sigma)
