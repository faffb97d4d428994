"""Eager warm-up step, then the compiled step."""
import tensorflow as tf

tf.random.set_seed(60)
w = tf.Variable(tf.random.normal((3, 1)))
x = tf.random.normal((6, 3))
y = tf.random.normal((6, 1))


def loss_of(pred):
    error = pred - y
    scale = 1.0 if tf.executing_eagerly() else float(tf.size(error).numpy())
    return tf.reduce_mean(tf.square(error)) / scale


def train_step():
    with tf.GradientTape() as tape:
        loss = loss_of(tf.matmul(x, w))
    grad = tape.gradient(loss, w)
    if grad is not None:
        w.assign_sub(0.1 * grad)
    return loss


train_step()
compiled = tf.function(train_step)
print("compiled", float(compiled()))
