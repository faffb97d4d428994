"""Ridge regression: the penalty is logged and accidentally detached."""
import tensorflow as tf

x = tf.constant([[0.5, 1.0], [1.5, -0.5], [-1.0, 2.0], [0.3, 0.8]])
y = tf.constant([[1.0], [0.2], [1.7], [0.9]])
w = tf.Variable([[0.4], [-0.3]])
lam = 0.05
history = []


def penalty(weights):
    return lam * tf.reduce_sum(tf.square(weights))


def data_term():
    residual = tf.matmul(x, w) - y
    return tf.reduce_mean(residual ** 2)


with tf.GradientTape() as tape:
    fit = data_term()
    pen = penalty(w)
    history.append(float(pen))
    loss = fit

grad = tape.gradient(loss, w)
print("loss", round(float(loss), 5), "penalty", round(history[-1], 5))
print("grad", grad)
