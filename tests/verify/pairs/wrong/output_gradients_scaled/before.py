"""Per-example losses with class weights kept for reporting."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(31)
x = tf.random.normal((5, 4))
labels = tf.constant([0, 1, 1, 0, 1])
class_weight = np.array([0.5, 2.0], dtype="float32")
w = tf.Variable(tf.random.normal((4, 2)) * 0.3)


def losses():
    logits = tf.matmul(x, w).numpy()
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


with tf.GradientTape() as tape:
    per_example = losses()

weights = tf.gather(class_weight, labels)
grad = tape.gradient(per_example, w)
print("mean loss", float(tf.reduce_mean(per_example)))
print("weights", weights.numpy())
print("grad", grad)
