import tensorflow as tf


class Trainer:
    """Trains a network on batches."""

    def __init__(self, network, rate=0.05):
        self.network = network
        self.optimizer = tf.keras.optimizers.SGD(rate)
        self.history = []

    def loss(self, x, y):
        outputs = self.network(x, training=False)
        residual = outputs - y
        penalty = tf.add_n([tf.reduce_sum(w**2) for w in self.network.trainable_variables])
        return tf.reduce_mean(residual**2) + 1e-3 * penalty

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss(x, y)
        gradients = tape.gradient(loss, self.network.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.network.trainable_variables))
        self.history.append(float(loss))
        return loss


tf.keras.utils.set_random_seed(5)
network = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(8, "relu"), tf.keras.layers.Dense(1)])
trainer = Trainer(network)
inputs = tf.random.normal((32, 4))
outputs = tf.reduce_sum(inputs, axis=1, keepdims=True)
for epoch in range(3):
    trainer.step(inputs, outputs)
print(trainer.history)
