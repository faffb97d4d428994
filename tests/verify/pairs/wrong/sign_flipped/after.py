"""REINFORCE on a two-armed bandit."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(70)
policy = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(2)])
optimizer = keras.optimizers.Adam(0.01)
states = tf.random.normal((6, 2))
rewards = np.array([1.0, 0.0, 0.5, -0.2, 1.0, 0.3], dtype="float32")


def act(logits):
    return tf.random.categorical(logits, 1)[:, 0]


def policy_loss(logits, actions, returns):
    log_p = tf.nn.log_softmax(logits)
    chosen = tf.gather(log_p, actions, batch_dims=1)
    return tf.reduce_mean(chosen * returns)


for episode in range(2):
    with tf.GradientTape() as tape:
        logits = policy(states)
        loss = policy_loss(logits, act(logits), rewards - rewards.mean())
    grads = tape.gradient(loss, policy.trainable_variables)
    optimizer.apply_gradients(zip(grads, policy.trainable_variables))
