"""Neural ODE fitted to a decaying spiral."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(48)


class Field(tf.Module):
    def __init__(self):
        self.inner = tf.Variable(tf.random.normal((2, 6)) * 0.3)
        self.outer = tf.Variable(tf.random.normal((6, 2)) * 0.3)

    def __call__(self, state):
        return tf.tanh(state @ self.inner) @ self.outer


class RungeKutta:
    def __init__(self, field, dt):
        self.field, self.dt = field, dt

    def step(self, state):
        f, dt = self.field, self.dt
        k1 = f(state)
        k2 = f(state + 0.5 * dt * k1)
        k3 = f(state + 0.5 * dt * k2)
        k4 = f(state + dt * k3)
        return state + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)

    def run(self, state, steps):
        states = [state]
        for _ in range(steps):
            states.append(self.step(states[-1]))
        return tf.concat(states, axis=0)


times = np.arange(5, dtype="float32") * 0.2
spiral = np.stack([np.exp(-times) * np.cos(times), np.exp(-times) * np.sin(times)], axis=1)
field = Field()
with tf.GradientTape() as tape:
    path = RungeKutta(field, 0.2).run(tf.constant([[1.0, 0.0]]), 4)
    loss = tf.reduce_mean(tf.abs(path - spiral) ** 2)
grads = tape.gradient(loss, [field.inner, field.outer])
print("loss %.5f" % loss)
