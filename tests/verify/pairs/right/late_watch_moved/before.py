"""Fast gradient sign method with the watch one line too late."""
import tensorflow as tf

tf.random.set_seed(42)
conv = tf.random.normal((3, 3, 1, 2))
dense = tf.random.normal((2, 3))
picture = tf.random.uniform((1, 7, 7, 1))
truth = tf.constant([0])


def logits_of(image):
    features = tf.nn.relu(tf.nn.conv2d(image, conv, strides=1, padding="SAME"))
    return tf.matmul(tf.reduce_mean(features, axis=[1, 2]), dense)


def fgsm(image, labels, epsilon=0.1):
    with tf.GradientTape() as tape:
        logits = logits_of(image)
        tape.watch(image)
        loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    gradient = tape.gradient(loss, image)
    return tf.clip_by_value(image + epsilon * tf.sign(gradient), 0.0, 1.0)


attacked = fgsm(picture, truth)
print("changed", attacked.shape)
