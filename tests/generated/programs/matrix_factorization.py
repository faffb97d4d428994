import numpy as np
import tensorflow as tf

np.random.seed(0)
ratings = np.random.randint(1, 6, (6, 5)).astype(np.float32)
mask = (np.random.rand(6, 5) > 0.3).astype(np.float32)

U = tf.Variable(np.random.rand(6, 2), dtype=tf.float32)
V = tf.Variable(np.random.rand(5, 2), dtype=tf.float32)
lam = 0.01


def objective():
    approx = tf.matmul(U, V, transpose_b=True)
    diff = mask * (ratings - approx)
    fit = tf.reduce_sum(diff ** 2) / tf.reduce_sum(mask)
    reg = lam * (tf.norm(U) ** 2 + tf.norm(V) ** 2)
    return fit + reg


losses = []
for it in range(4):
    with tf.GradientTape() as t:
        J = objective()
    dU, dV = t.gradient(J, [U, V])
    U.assign_sub(0.05 * dU)
    V.assign_sub(0.05 * dV)
    losses.append(J.numpy())
print(losses)
