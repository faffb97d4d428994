import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(13)
eps = np.finfo(np.float32).eps.item()

inputs = tf.keras.layers.Input(shape=(4,))
common = tf.keras.layers.Dense(12, activation="relu")(inputs)
action = tf.keras.layers.Dense(2, activation="softmax")(common)
critic = tf.keras.layers.Dense(1)(common)
model = tf.keras.Model(inputs=inputs, outputs=[action, critic])
optimizer = tf.keras.optimizers.Adam(learning_rate=0.01)
huber_loss = tf.keras.losses.Huber()

states = np.random.rand(6, 4).astype("float32")
rewards = [1.0, 1.0, 0.0, 1.0, 0.0, 1.0]
taken = [0, 1, 1, 0, 1, 0]

returns = []
discounted = 0.0
for r in rewards[::-1]:
    discounted = r + 0.9 * discounted
    returns.insert(0, discounted)
returns = np.array(returns, dtype="float32")
returns = (returns - returns.mean()) / (returns.std() + eps)

with tf.GradientTape() as tape:
    action_probs, values = model(states)
    indices = tf.stack([tf.range(6), tf.constant(taken)], axis=1)
    log_probs = tf.math.log(tf.gather_nd(action_probs, indices))
    advantage = returns - tf.squeeze(values)
    actor_loss = -tf.reduce_sum(log_probs * advantage)
    critic_loss = huber_loss(returns[:, None], values)
    loss_value = actor_loss + critic_loss

grads = tape.gradient(loss_value, model.trainable_variables)
optimizer.apply_gradients(zip(grads, model.trainable_variables))
print("actor %.4f critic %.4f" % (float(actor_loss), float(critic_loss)))
