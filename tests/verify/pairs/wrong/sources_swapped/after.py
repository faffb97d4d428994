"""Two queries on one tape; the second one raises."""
import tensorflow as tf

x = tf.constant([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
y = tf.constant([[1.0], [0.0], [2.0]])
w = tf.Variable([[0.1], [0.2]])
b = tf.Variable([0.0])


def model(inputs):
    return tf.matmul(inputs, w) + b


with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.square(model(x) - y))

db, dw = tape.gradient(loss, [w, b])
print("norm of dw: %.4f" % float(tf.norm(dw)))
print("norm of db: %.4f" % float(tf.norm(db)))
