"""Stochastic estimate with common random numbers from NumPy."""
import numpy as np
import tensorflow as tf

np.random.seed(123)
strike = 1.0
volatility = tf.Variable(0.3)
spot = tf.Variable(1.05)


def payoff():
    antithetic = np.random.standard_normal(32) > 0
    z = np.random.standard_normal(32).astype("float32")
    path = spot * tf.exp(-0.5 * volatility ** 2 + volatility * z)
    return tf.reduce_mean(tf.nn.relu(path - strike))


with tf.GradientTape() as tape:
    price = payoff()

delta, vega = tape.gradient(price, [spot, volatility])
print("price %.4f" % float(price))
print("delta %.4f" % float(delta))
print("vega", vega)
