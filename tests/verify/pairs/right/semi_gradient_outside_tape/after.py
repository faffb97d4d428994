"""Q-learning with one network and a bootstrapped target."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(34)
q_net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(2)])
optimizer = keras.optimizers.SGD(0.05)
states = tf.random.normal((6, 3))
next_states = tf.random.normal((6, 3))
actions = np.array([0, 1, 1, 0, 1, 0])
rewards = tf.constant([1.0, 0.0, 0.5, 1.0, -1.0, 0.2])
gamma = 0.9

for update in range(2):
    best_next = tf.reduce_max(q_net(next_states), axis=1)
    targets = rewards + gamma * best_next
    with tf.GradientTape() as tape:
        q_values = q_net(states)
        chosen = tf.reduce_sum(q_values * tf.one_hot(actions, 2), axis=1)
        td_loss = tf.reduce_mean(tf.square(targets - chosen))
    grads = tape.gradient(td_loss, q_net.trainable_variables)
    optimizer.apply_gradients(zip(grads, q_net.trainable_variables))
    print(update, "td loss %.5f" % float(td_loss))
