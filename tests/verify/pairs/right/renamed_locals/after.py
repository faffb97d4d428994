"""Input optimisation (activation maximisation) of a dense unit."""
import tensorflow as tf

tf.random.set_seed(16)
weights = tf.random.normal((5, 4))


def climb(index, iterations, rate):
    candidate = tf.Variable(tf.fill((1, 5), 0.1))
    for _ in range(iterations):
        with tf.GradientTape() as recorder:
            activation = tf.tanh(tf.matmul(candidate, weights))[0, index]
        ascent = recorder.gradient(activation, candidate)
        candidate.assign_add(rate * ascent / (tf.norm(ascent) + 1e-8))
    return candidate


result = climb(1, 4, 0.3)
print("activation reached", result.shape)
