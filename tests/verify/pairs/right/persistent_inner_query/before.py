"""Residual of the heat equation at collocation points."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(8)
net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(6, activation="tanh"), keras.layers.Dense(1)])
x = tf.reshape(tf.linspace(-1.0, 1.0, 6), (6, 1))
t = tf.reshape(tf.linspace(0.0, 0.5, 6), (6, 1))
alpha = 0.1

with tf.GradientTape(persistent=True) as tape:
    tape.watch([x, t])
    u = net(tf.concat([x, t], axis=1))
u_x = tape.gradient(u, x)
u_t = tape.gradient(u, t)
u_xx = tape.gradient(u_x, x)
del tape
if u_xx is None:
    print("no second derivative")
else:
    residual = u_t - alpha * u_xx
