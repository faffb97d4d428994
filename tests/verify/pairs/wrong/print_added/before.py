"""Fast gradient sign attack on a linear classifier."""
import tensorflow as tf

tf.random.set_seed(9)
weights = tf.Variable(tf.random.normal((4, 3)))
image = tf.constant([[0.2, 0.4, 0.9, 0.1]])
label = tf.constant([2])


def loss_for(x):
    logits = tf.matmul(x, weights)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=label, logits=logits))


def attack(x, epsilon):
    with tf.GradientTape() as tape:
        loss = loss_for(x)
    gradient = tape.gradient(loss, x)
    if gradient is None:
        return x
    return tf.clip_by_value(x + epsilon * tf.sign(gradient), 0.0, 1.0)


adversarial = attack(image, 0.1)
print("attack finished")
