"""Training loop over three steps with the model in NumPy."""
import numpy as np
import tensorflow as tf

x = np.array([[0.2, 1.0], [1.0, 0.4], [0.7, -0.3]], dtype="float32")
y = np.array([1.0, 0.2, 0.4], dtype="float32")
w = tf.Variable([0.1, 0.1])


def loss_fn():
    return tf.reduce_mean((np.dot(x, w.numpy()) - y) ** 2) * 1.0


for step in range(3):
    with tf.GradientTape() as tape:
        loss = loss_fn()
    grad = tape.gradient(loss, w)
    if grad is not None:
        w.assign_sub(0.3 * grad)
    print("step", step)
