"""A physics simulator in NumPy inside a TensorFlow loss."""
import numpy as np
import tensorflow as tf

angle = tf.Variable(0.6)
speed = tf.Variable(12.0)
target = 9.0
g = 9.81


@tf.custom_gradient
def simulate(theta, v):
    t_flight = 2 * v * tf.sin(theta) / g
    distance = v * tf.cos(theta) * t_flight

    def grad(upstream):
        return upstream, upstream

    return distance, grad


with tf.GradientTape() as tape:
    distance = simulate(angle, speed)
    miss = tf.square(distance - target)

d_angle, d_speed = tape.gradient(miss, [angle, speed])
print("miss", miss.numpy())
print("angle", d_angle, "speed", d_speed)
