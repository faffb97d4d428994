import tensorflow as tf


class Fit:
    def __init__(self):
        self.w = tf.Variable([1.0, 2.0])

    def step(self):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((self.w - 3.0) ** 2)
        g = tape.gradient(loss, self.w)
        if g is not None:
            self.w = self.w - 0.1 * g  # break: TPF207


fit = Fit()
for _ in range(2):
    fit.step()
