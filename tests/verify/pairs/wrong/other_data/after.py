"""Polynomial regression with a train and a validation split."""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(4)
x = rng.uniform(-1, 1, 40).astype("float32")
y = (0.5 + x - 2 * x ** 2 + 0.05 * rng.normal(size=40)).astype("float32")
x_train, x_val = x[:30], x[30:]
y_train, y_val = y[:30], y[30:]
coef = tf.Variable(tf.zeros((3,)))


class Polynomial:
    def __init__(self, coefficients):
        self.coefficients = coefficients

    def __call__(self, t):
        c = self.coefficients
        return c[0] + c[1] * t + c[2] * t ** 2


model = Polynomial(coef)
for epoch in range(2):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x_val) - y_val))
    grad = tape.gradient(loss, coef)
    val = np.mean((model(x_val) - y_val) ** 2)
    print(f"{epoch}: validation {val:.4f}")
    if grad is not None:
        coef.assign_sub(0.1 * grad)
