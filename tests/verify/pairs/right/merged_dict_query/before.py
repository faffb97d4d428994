"""Greeks of a Black-Scholes price."""
import math

import tensorflow as tf

spot = tf.Variable(100.0)
rate = tf.Variable(0.02)
sigma = tf.Variable(0.25)
strike, maturity = 105.0, 0.75


def normal_cdf(v):
    return 0.5 * (1.0 + tf.math.erf(v / math.sqrt(2.0)))


def call_price():
    root = sigma * math.sqrt(maturity)
    d1 = (tf.math.log(spot / strike) + (rate + 0.5 * sigma ** 2) * maturity) / root
    d2 = d1 - root
    return spot * normal_cdf(d1) - strike * tf.exp(-rate * maturity) * normal_cdf(d2)


with tf.GradientTape() as tape:
    price = call_price()

delta = tape.gradient(price, spot)
rho = tape.gradient(price, rate)
vega = tape.gradient(price, sigma)
print("price %.4f delta %.4f" % (price, delta))
print("rho %.4f vega %.4f" % (rho, vega))
