import tensorflow as tf

tf.keras.utils.set_random_seed(2)

critic = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(6, "tanh"), tf.keras.layers.Dense(1)])
real = tf.random.normal((10, 3))
fake = tf.random.normal((10, 3), mean=1.0)


def gradient_penalty(real, fake):
    alpha = tf.random.stateless_uniform((10, 1), seed=(0, 1))
    mixed = alpha * real + (1.0 - alpha) * fake
    with tf.GradientTape() as gp_tape:
        gp_tape.watch(mixed)
        scores = critic(mixed, training=True)
    slopes = gp_tape.gradient(scores, mixed)
    norms = tf.sqrt(tf.reduce_sum(tf.square(slopes), axis=1) + 1e-12)
    return tf.reduce_mean((norms - 1.0) ** 2)


optimizer = tf.keras.optimizers.Adam(0.01)
for _ in range(2):
    with tf.GradientTape() as tape:
        wasserstein = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(real))
        penalty = gradient_penalty(real, fake)
        critic_loss = wasserstein + 10.0 * penalty
    grads = tape.gradient(critic_loss, critic.trainable_variables)
    # the last bias does not matter to the penalty alone, but it does to the sum of both
    pairs = [(g, v) for g, v in zip(grads, critic.trainable_variables) if g is not None]
    optimizer.apply_gradients(pairs)
    print(round(float(critic_loss), 4))
