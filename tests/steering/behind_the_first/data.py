import tensorflow as tf


def load_pair():
    return tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[0.5, 0.5], [1.0, 1.0]])
