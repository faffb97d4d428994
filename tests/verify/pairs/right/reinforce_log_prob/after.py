"""REINFORCE with a baseline; actions are sampled."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(43)


class Policy(keras.Model):
    def __init__(self, actions):
        super().__init__()
        self.hidden = keras.layers.Dense(6, activation="tanh")
        self.logits = keras.layers.Dense(actions)

    def call(self, states):
        return self.logits(self.hidden(states))


policy = Policy(3)
optimizer = keras.optimizers.Adam(1e-2)
states = tf.random.normal((5, 4))


def discounted(rewards, gamma=0.95):
    out, running = [], 0.0
    for r in rewards[::-1]:
        running = r + gamma * running
        out.append(running)
    return np.array(out[::-1], dtype="float32")


for episode in range(2):
    with tf.GradientTape() as tape:
        logits = policy(states)
        actions = tf.random.categorical(logits, 1)[:, 0].numpy()
        log_probabilities = tf.nn.log_softmax(logits)
        returns = discounted(np.cos(actions))
        advantage = returns - returns.mean()
        picked = tf.gather_nd(log_probabilities, np.stack([np.arange(5), actions], axis=1))
        loss = -tf.tensordot(picked, advantage, axes=1)
    grads = tape.gradient(loss, policy.trainable_variables)
    optimizer.apply_gradients(zip(grads, policy.trainable_variables))
    print("episode", episode, "actions", actions)
