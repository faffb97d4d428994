"""Linear regression: one query per parameter."""
import tensorflow as tf

x = tf.constant([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5], [2.0, 0.0]])
y = tf.constant([[1.0], [0.0], [2.0], [1.5]])
w = tf.Variable([[0.1], [0.2]])
b = tf.Variable([0.0])


def loss_fn():
    return tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))


for step in range(3):
    with tf.GradientTape() as tape:
        loss = loss_fn()
    dw = tape.gradient(loss, w)
    db = tape.gradient(loss, b)
    w.assign_sub(0.1 * dw)
    b.assign_sub(0.1 * db)
    print("step %d loss %.5f" % (step, loss))
