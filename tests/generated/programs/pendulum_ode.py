# Fits gravity to the swing of a pendulum, by explicit Euler steps.
import math

import tensorflow as tf

gravity = tf.Variable(9.0)
dt = 0.05
observed = tf.constant([0.30, 0.299, 0.297, 0.294, 0.289])


def simulate(g, theta0=0.3, steps=5):
    theta = tf.constant(theta0)
    velocity = tf.constant(0.0)
    angles = []
    for _ in range(steps):
        angles.append(theta)
        velocity = velocity - dt * g * tf.sin(theta)
        theta = theta + dt * velocity
    return tf.stack(angles)


for i in range(3):
    with tf.GradientTape() as tape:
        swing = simulate(gravity)
        misfit = tf.reduce_sum((swing - observed) ** 2)
    g_grad = tape.gradient(misfit, gravity)
    gravity.assign_sub(20.0 * g_grad)
    period = 2 * math.pi * math.sqrt(1.0 / float(gravity))
    print(f"g={float(gravity):.3f} period={period:.3f}")
