"""Sharpe ratio of a portfolio, optimised by gradient ascent."""
import numpy as np
import tensorflow as tf

returns = tf.constant(
    [[0.010, -0.004, 0.002], [0.003, 0.012, -0.001], [-0.006, 0.004, 0.005], [0.011, 0.001, 0.003], [0.002, -0.003, 0.007]]
)
logits = tf.Variable([0.1, 0.0, -0.1])


class Portfolio:
    def __init__(self, weights):
        self.weights = weights

    def daily(self):
        return tf.linalg.matvec(returns, tf.nn.softmax(self.weights))

    def sharpe(self):
        r = self.daily()
        return tf.reduce_mean(r) / tf.math.reduce_std(r)


portfolio = Portfolio(logits)
with tf.GradientTape() as tape:
    ratio = portfolio.sharpe()
gradient = tape.gradient(ratio, logits)
print("ratio", ratio)
print("gradient", gradient.numpy())
