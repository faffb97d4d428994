"""Q-learning: the target is computed before the tape, by the same network; its third layer is not used yet."""

import tensorflow as tf

tf.keras.utils.set_random_seed(7)


class QNetwork(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.trunk = tf.keras.layers.Dense(8, activation="relu")
        self.values = tf.keras.layers.Dense(2)
        self.risk = tf.keras.layers.Dense(1)

    def call(self, states):
        hidden = self.trunk(states)
        self.risk(hidden)
        return self.values(hidden)


network = QNetwork()
optimizer = tf.keras.optimizers.Adam(0.01)
for step in range(3):
    states, following = tf.random.normal((4, 3)), tf.random.normal((4, 3))
    target = 1.0 + 0.9 * tf.reduce_max(network(following), axis=1)
    with tf.GradientTape() as tape:
        chosen = network(states)[:, 0]
        loss = tf.reduce_mean(tf.square(target - chosen))
    variables = network.trainable_variables
    pairs = [(g, v) for g, v in zip(tape.gradient(loss, variables), variables) if g is not None]
    optimizer.apply_gradients(pairs)
    print(len(pairs), float(loss))
