"""Plain gradient descent that rebinds its variable."""
import tensorflow as tf

start = [2.0, -1.5]
point = tf.Variable(start)
rate = 0.1


def rosenbrock(p):
    return (1.0 - p[0]) ** 2 + 2.0 * (p[1] - p[0] ** 2) ** 2


for step in range(3):
    with tf.GradientTape() as tape:
        height = rosenbrock(point)
    slope = tape.gradient(height, point)
    print(step, round(float(height), 4))
    point = point - rate * slope
