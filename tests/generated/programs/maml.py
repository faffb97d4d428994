import tensorflow as tf

tf.random.set_seed(31)
w = tf.Variable([[0.5], [0.2]])
b = tf.Variable([0.1])
meta_optimizer = tf.keras.optimizers.SGD(0.01)
inner_rate = 0.1


def forward(x, w, b):
    return tf.matmul(x, w) + b


def mse(y, p):
    return tf.reduce_mean((y - p) ** 2)


support_x = tf.random.normal((6, 2))
support_y = tf.reduce_sum(support_x, axis=1, keepdims=True)
query_x = tf.random.normal((6, 2))
query_y = tf.reduce_sum(query_x, axis=1, keepdims=True)

with tf.GradientTape() as meta_tape:
    with tf.GradientTape() as task_tape:
        task_loss = mse(support_y, forward(support_x, w, b))
    gw, gb = task_tape.gradient(task_loss, [w, b])
    fast_w = w - inner_rate * gw
    fast_b = b - inner_rate * gb
    adapted = forward(query_x, fast_w, fast_b)
    meta_loss = mse(query_y, adapted)

meta_grads = meta_tape.gradient(meta_loss, [w, b])
meta_optimizer.apply_gradients(zip(meta_grads, [w, b]))
print("meta loss", float(meta_loss))
