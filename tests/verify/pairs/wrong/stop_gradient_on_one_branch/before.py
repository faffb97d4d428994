"""Two Keras layers with a residual branch and a custom step."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(5)
inner = keras.layers.Dense(4, activation="tanh")
head = keras.layers.Dense(1)
x = tf.random.normal((8, 4))
y = tf.reduce_sum(x, axis=1, keepdims=True)
inner.build(x.shape)
head.build((None, 4))


def forward(inputs):
    branch = inner(inputs).numpy()
    mixed = branch + 0.5 * branch ** 2
    return head(tf.convert_to_tensor(mixed))


with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.abs(forward(x) - y))

grads = tape.gradient(loss, inner.trainable_variables + head.trainable_variables)
for var, grad in zip(inner.trainable_variables + head.trainable_variables, grads):
    print(var.name, None if grad is None else grad.shape)
print("loss", f"{loss:.4f}")
