import tensorflow as tf

tf.keras.utils.set_random_seed(53)
shared = tf.keras.layers.Dense(6, activation="relu", name="shared")
head_a = tf.keras.layers.Dense(1, name="a")
head_b = tf.keras.layers.Dense(2, name="b")

x = tf.random.normal((10, 4))
target_a = tf.reduce_sum(x, axis=1, keepdims=True)
target_b = tf.cast(tf.argmax(x[:, :2], axis=1), tf.int32)

shared(x)
head_a(shared(x))
head_b(shared(x))
opt_a = tf.keras.optimizers.SGD(0.01)
opt_b = tf.keras.optimizers.SGD(0.01)

with tf.GradientTape(persistent=True) as tape:
    h = shared(x)
    loss_a = tf.reduce_mean((head_a(h) - target_a) ** 2)
    per_row = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=target_b, logits=head_b(h))
    loss_b = tf.reduce_mean(per_row)

variables_a = shared.trainable_variables + head_a.trainable_variables
variables_b = shared.trainable_variables + head_b.trainable_variables
grads_a = tape.gradient(loss_a, variables_a)
grads_b = tape.gradient(loss_b, variables_b)
del tape
opt_a.apply_gradients(zip(grads_a, variables_a))
opt_b.apply_gradients(zip(grads_b, variables_b))
print(float(loss_a), float(loss_b))
