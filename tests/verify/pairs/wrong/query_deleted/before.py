"""First and second moment of a policy's score."""
import tensorflow as tf

theta = tf.Variable([0.2, -0.1, 0.4])


def log_prob(action):
    return tf.nn.log_softmax(theta)[action]


with tf.GradientTape() as tape:
    first = log_prob(0)
    second = log_prob(2)

score_0 = tape.gradient(first, theta)
print("score of action 0:", score_0.numpy().round(4))
score_2 = tape.gradient(second, theta)
print("score of action 2:", score_2.numpy().round(4))
