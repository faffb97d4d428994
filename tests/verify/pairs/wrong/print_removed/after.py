"""Logistic regression with a log line per step."""
import numpy as np
import tensorflow as tf

x = tf.constant([[0.0, 1.0], [1.0, 1.0], [2.0, 0.5], [3.0, -1.0]])
y = tf.constant([0.0, 0.0, 1.0, 1.0])
w = tf.Variable([0.1, 0.1])
b = tf.Variable(0.0)


def log(step, value):
    print("step", step, "loss %.4f" % value)


for step in range(2):
    with tf.GradientTape() as tape:
        p = tf.sigmoid(tf.linalg.matvec(x, w) + b)
        objective = -tf.reduce_mean(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p))
    gw, gb = tape.gradient(objective, [w, b])
    if gw is None:
        continue
    w.assign_sub(0.5 * gw)
    b.assign_sub(0.5 * gb)
