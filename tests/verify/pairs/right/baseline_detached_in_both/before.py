"""Actor-critic with a shared body and a detached advantage."""
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(56)
body = keras.layers.Dense(6, activation="tanh")
actor = keras.layers.Dense(3)
critic = keras.layers.Dense(1)
optimizer = keras.optimizers.SGD(0.05)
states = tf.random.normal((7, 4))
returns = np.linspace(-1.0, 1.0, 7).astype("float32")
for layer, width in ((body, 4), (actor, 6), (critic, 6)):
    layer.build((None, width))
weights = [v for layer in (body, actor, critic) for v in layer.trainable_variables]

for update in range(2):
    with tf.GradientTape() as tape:
        hidden = body(states)
        probs = tf.nn.softmax(actor(hidden))
        values = tf.squeeze(critic(hidden), axis=1)
        # The policy must not learn through the baseline.
        advantage = returns - values.numpy()
        actions = tf.argmax(probs, axis=1)
        picked = np.max(probs.numpy(), axis=1)
        policy_loss = -np.mean(np.log(picked) * advantage)
        value_loss = np.mean(np.square(np.asarray(values) - returns))
        loss = tf.constant(policy_loss + 0.5 * value_loss)
    grads = tape.gradient(loss, weights)
    optimizer.apply_gradients(zip(grads, weights))
    print(update, "%.5f" % loss)
