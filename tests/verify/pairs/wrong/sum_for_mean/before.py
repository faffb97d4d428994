"""Linear regression by hand, with the loss computed in NumPy."""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
features = rng.normal(size=(16, 3)).astype("float32")
labels = features @ np.array([[1.5], [-2.0], [0.5]], dtype="float32")

w = tf.Variable(tf.zeros((3, 1)))
b = tf.Variable(tf.zeros((1,)))


def predict(x):
    return tf.matmul(x, w) + b


def mse(y_true, y_pred):
    return np.mean(np.square(y_true - y_pred.numpy()))


learning_rate = 0.1
for step in range(3):
    with tf.GradientTape() as tape:
        loss = mse(labels, predict(features))
    dw, db = tape.gradient(loss, [w, b])
    w.assign_sub(learning_rate * dw)
    b.assign_sub(learning_rate * db)
    print("step", step, "loss", float(loss))
