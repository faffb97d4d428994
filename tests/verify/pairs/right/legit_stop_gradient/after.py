"""Self-distillation: a student follows its own detached teacher output."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(31)
backbone = tf.Variable(tf.random.normal((5, 4)) * 0.4)
head = tf.Variable(tf.random.normal((4, 4)) * 0.4)
view_a = tf.random.normal((6, 5))
view_b = view_a + 0.05 * tf.random.normal((6, 5))


def normalise(v):
    return v / tf.linalg.norm(v, axis=1, keepdims=True)


def loss_fn():
    teacher = tf.stop_gradient(tf.tanh(tf.matmul(view_b, backbone)))
    student = tf.matmul(tf.tanh(tf.matmul(view_a, backbone)), head)
    return tf.reduce_mean(tf.square(normalise(student) - normalise(teacher)))


with tf.GradientTape() as tape:
    loss = loss_fn()
grads = tape.gradient(loss, [backbone, head])
print("loss %.5f" % loss)
print("trained:", all(g is not None for g in grads))
