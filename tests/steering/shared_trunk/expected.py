"""Actor and critic on one trunk: with the critic's loss kept in TensorFlow, the trunk would learn something else."""

import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(5)
inputs = tf.keras.Input((4,))
trunk = tf.keras.layers.Dense(8, activation="tanh")(inputs)
model = tf.keras.Model(inputs, [tf.keras.layers.Dense(2)(trunk), tf.keras.layers.Dense(1)(trunk)])
states = tf.random.normal((5, 4))
returns = tf.random.normal((5, 1))

with tf.GradientTape() as tape:
    logits, values = model(states)
    critic = tf.reduce_mean(tf.square(returns - values))
    actor = -tf.reduce_mean(tf.nn.log_softmax(logits)[:, 0])
    loss = actor + critic

for variable, grad in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables)):
    print(variable.path, None if grad is None else round(float(tf.norm(grad)), 4))
