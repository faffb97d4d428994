"""Per-sample Hessians of a small potential."""
import tensorflow as tf

points = tf.constant([[0.1, 0.7], [1.2, -0.4], [0.5, 0.5]])


def potential(p):
    return tf.sin(p[:, 0]) * p[:, 1] ** 2 + p[:, 0] ** 3


with tf.GradientTape() as outer:
    outer.watch(points)
    with tf.GradientTape() as inner:
        inner.watch(points)
        energy = potential(points)
grads = inner.gradient(energy, points)
hessians = outer.batch_jacobian(grads, points)
print("grads", grads.numpy().round(4))
print("hessians", hessians)
