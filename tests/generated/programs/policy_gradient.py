"""REINFORCE on a bandit with five arms."""
import tensorflow as tf

tf.random.set_seed(9)

N_ARMS = 5
preferences = tf.Variable(tf.zeros(N_ARMS))
payoffs = tf.constant([0.1, 0.9, 0.2, 0.4, 0.3])
actions = [1, 3, 0, 1, 4, 2]
baseline = 0.0

for t, action in enumerate(actions):
    reward = payoffs[action]
    with tf.GradientTape() as tape:
        log_probs = tf.nn.log_softmax(preferences)
        chosen = log_probs[action]
        advantage = reward - baseline
        objective = -chosen * advantage
    gradient = tape.gradient(objective, preferences)
    preferences.assign_sub(0.5 * gradient)
    baseline += (float(reward) - baseline) / (t + 1)

print(tf.nn.softmax(preferences).numpy().round(3))
