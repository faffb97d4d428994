"""Matrix factorisation: the prediction is computed before the tape opens."""
import tensorflow as tf

tf.random.set_seed(2)
ratings = tf.constant([[5.0, 3.0, 1.0], [4.0, 2.0, 1.0], [1.0, 1.0, 5.0]])
mask = tf.constant([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
users = tf.Variable(tf.random.normal((3, 2)))
items = tf.Variable(tf.random.normal((2, 3)))
bias = tf.reduce_sum(ratings * mask) / tf.reduce_sum(mask)


def masked_loss(left, right):
    prediction = tf.matmul(left, right) + bias
    error = (ratings - prediction) * mask
    return tf.reduce_sum(error ** 2) / tf.reduce_sum(mask)


with tf.GradientTape() as tape:
    loss = masked_loss(users, items)

grads = tape.gradient(loss, [users, items])
print("loss", loss.numpy())
for name, grad in zip(("users", "items"), grads):
    print(name, "missing" if grad is None else "ok")
