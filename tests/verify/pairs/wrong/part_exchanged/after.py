"""Derivatives of a small network with respect to each of its coordinates."""
import tensorflow as tf

tf.random.set_seed(1)
net = tf.keras.Sequential([tf.keras.layers.Dense(8, activation="tanh"), tf.keras.layers.Dense(1)])
xt = tf.random.uniform((6, 2), seed=2)

with tf.GradientTape(persistent=True) as tape:
    tape.watch(xt)
    u = net(xt)
u_x = tape.gradient(u, xt)[:, 1:2]
u_t = tape.gradient(u, xt)[:, 1:2]
if u_x is None:
    print("nothing")
print("done")

