"""Partial derivatives of a scalar field at one point."""
import tensorflow as tf

x = tf.constant(2.0)
y = tf.constant(-1.0)
z = tf.constant(0.5)


def field(a, b, c):
    return a ** 2 * b + tf.sin(b * c) - tf.exp(-a) * c


with tf.GradientTape() as tape:
    value = field(x, y, z)

gradient = tape.gradient(value, [x, y, z])
print("value:", value)
print("gradient:", gradient)
for name, part in zip("xyz", gradient):
    print(f"d/d{name} = {part}")
