"""Elasticities of a small economic model."""
import tensorflow as tf

prices = tf.constant([1.237, 0.482, 2.761])
income = tf.constant(10.0)
weights = tf.Variable([0.5, 0.3, 0.2])


def demand(p):
    shares = weights * tf.pow(p, -0.7)
    return income * shares / tf.reduce_sum(shares)


watched = tf.Variable(tf.round(prices * 10.0) / 10.0)
with tf.GradientTape() as tape:
    total = tf.reduce_sum(tf.math.log(demand(watched)))

elasticity = tape.gradient(total, watched)
print("elasticity", elasticity)
