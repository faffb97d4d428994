"""Neural ODE fitted to a decaying spiral."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(48)
A1 = tf.Variable(tf.random.normal((2, 6)) * 0.3)
A2 = tf.Variable(tf.random.normal((6, 2)) * 0.3)


def velocity(state):
    return np.asarray(tf.matmul(np.tanh(tf.matmul(state, A1)), A2))


def rk4(state, dt):
    k1 = velocity(state)
    k2 = velocity(state + 0.5 * dt * k1)
    k3 = velocity(state + 0.5 * dt * k2)
    k4 = velocity(state + dt * k3)
    return state + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def trajectory(start, steps=4, dt=np.float32(0.2)):
    states = [start]
    for _ in range(steps):
        states.append(rk4(states[-1], dt))
    return np.concatenate(states)


times = np.arange(5, dtype="float32") * 0.2
spiral = np.stack([np.exp(-times) * np.cos(times), np.exp(-times) * np.sin(times)], axis=1)
with tf.GradientTape() as tape:
    path = trajectory(np.array([[1.0, 0.0]], dtype="float32"))
    loss = tf.reduce_mean(tf.abs(path - spiral) ** 2)
grads = tape.gradient(loss, [A1, A2])
print("loss %.5f" % loss)
