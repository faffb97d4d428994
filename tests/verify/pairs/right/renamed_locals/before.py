"""Input optimisation (activation maximisation) of a dense unit."""
import tensorflow as tf

tf.random.set_seed(16)
W = tf.random.normal((5, 4))


def maximise(unit, steps, lr):
    x = tf.zeros((1, 5)) + 0.1
    for i in range(steps):
        with tf.GradientTape() as t:
            a = tf.tanh(tf.matmul(x, W))[0, unit]
        g = t.gradient(a, x)
        g = g / (tf.norm(g) + 1e-8)
        x = x + lr * g
    return x


best = maximise(1, 4, 0.3)
print("activation reached", best.shape)
