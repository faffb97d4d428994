import tensorflow as tf


class Base:
    def __init__(self):
        self.w = tf.Variable([[0.3], [0.2]])

    def forward(self, x):
        return tf.tanh(tf.matmul(x, self.w))


def make(name):
    return {"base": Base}[name]()


def batch():
    return {"x": tf.constant([[1.0, 2.0], [0.5, -1.0]])}
