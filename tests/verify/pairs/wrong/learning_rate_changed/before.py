"""Training with a gradient-norm diagnostic on the inputs."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(23)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(learning_rate=0.05)
x = tf.random.normal((10, 3))
y = tf.sin(tf.reduce_sum(x, axis=1, keepdims=True))


def train_step():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x, training=True) - y))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss


def input_sensitivity(batch):
    with tf.GradientTape() as tape:
        out = tf.reduce_sum(tf.square(tf.sin(batch)))
    return tape.gradient(out, batch)


for step in range(3):
    loss = train_step()
    sensitivity = input_sensitivity(x)
    print("step", step, "loss", f"{float(loss):.5f}")
