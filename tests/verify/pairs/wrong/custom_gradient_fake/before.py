"""A physics simulator in NumPy inside a TensorFlow loss."""
import numpy as np
import tensorflow as tf

angle = tf.Variable(0.6)
speed = tf.Variable(12.0)
target = 9.0
g = 9.81


def simulate(theta, v):
    theta, v = float(theta), float(v)
    t_flight = 2 * v * np.sin(theta) / g
    return np.float32(v * np.cos(theta) * t_flight)


with tf.GradientTape() as tape:
    distance = tf.constant(simulate(angle, speed))
    miss = tf.square(distance - target)

d_angle, d_speed = tape.gradient(miss, [angle, speed])
print("miss", miss.numpy())
print("angle", d_angle, "speed", d_speed)
