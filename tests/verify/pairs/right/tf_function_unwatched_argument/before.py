"""Compiled fast gradient sign method."""
import tensorflow as tf

tf.random.set_seed(27)
kernel = tf.random.normal((6, 3))
bias = tf.constant([0.1, 0.0, -0.1])
sample = tf.random.uniform((2, 6))
label = tf.constant([1, 2])


@tf.function
def objective(inputs, labels):
    logits = tf.linalg.matmul(inputs, kernel) + bias
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def direction(inputs, labels):
    with tf.GradientTape() as tape:
        loss = objective(inputs, labels)
    return loss, tape.gradient(loss, inputs)


loss, grad = direction(sample, label)
print("loss", round(float(loss), 5))
if grad is not None:
    sample = tf.clip_by_value(sample + 0.02 * tf.sign(grad), 0.0, 1.0)
