import numpy as np
import tensorflow as tf


def decay(weights):
    total = 0.0
    for weight in weights:
        total += tf.reduce_sum(weight**2)
    return total


def main():
    w = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        loss = np.float32(0.5)
        loss += np.sum(w)  # break: TPF102
    loss += 0.1 * decay([tf.constant([1.0])])  # break: TPF302
    print(tape.gradient(loss, w))


def other():
    w = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(w)
    y += 0.1  # break: TPF302
    print(tape.gradient(y, w))


main()
other()
