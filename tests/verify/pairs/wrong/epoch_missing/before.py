"""Two epochs over a tiny dataset; the tape is used twice."""
import tensorflow as tf

tf.random.set_seed(77)
slope = tf.Variable(0.1)
intercept = tf.Variable(0.0)
xs = tf.constant([0.0, 1.0, 2.0, 3.0])
ys = tf.constant([1.0, 2.9, 5.1, 7.0])


def evaluate():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((slope * xs + intercept - ys) ** 2)
    return tape.gradient(loss, slope)


def curvature(point):
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(point ** 3)
    return tape.gradient(value, point)


epochs = 2
for epoch in range(epochs):
    slope.assign_sub(0.05 * evaluate())
    info = curvature(xs)
