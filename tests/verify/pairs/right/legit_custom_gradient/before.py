"""Domain-adversarial training with a gradient reversal layer."""
import tensorflow as tf

tf.random.set_seed(29)
encoder = tf.Variable(tf.random.normal((4, 3)) * 0.5)
classifier = tf.Variable(tf.random.normal((3, 1)) * 0.5)
domain = tf.Variable(tf.random.normal((3, 1)) * 0.5)
x = tf.random.normal((10, 4))
y = tf.cast(x[:, :1] > 0, tf.float32)
d = tf.cast(tf.range(10)[:, tf.newaxis] % 2 == 0, tf.float32)


@tf.custom_gradient
def reverse_gradient(features):
    def grad(upstream):
        return -0.3 * upstream

    return tf.identity(features), grad


def bce(labels, logits):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


with tf.GradientTape() as tape:
    features = tf.tanh(tf.matmul(x, encoder))
    class_loss = bce(y, tf.matmul(features, classifier))
    domain_loss = bce(d, tf.matmul(reverse_gradient(features), domain))
    loss = class_loss + domain_loss

g_encoder = tape.gradient(loss, encoder)
print("encoder", tf.norm(g_encoder).numpy().round(4))
g_heads = tape.gradient(loss, [classifier, domain])
print("heads", [float(tf.norm(g)) for g in g_heads])
