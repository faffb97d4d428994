"""Training step of a model with BatchNormalization and Dropout."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(37)
inputs = keras.Input((5,))
h = keras.layers.Dense(12, use_bias=False)(inputs)
h = keras.layers.BatchNormalization()(h)
h = keras.layers.ReLU()(h)
h = keras.layers.Dropout(0.4, seed=5)(h)
outputs = keras.layers.Dense(3)(h)
model = keras.Model(inputs, outputs)
optimizer = keras.optimizers.Adam(3e-3)
loss_fn = keras.losses.CategoricalCrossentropy(from_logits=True)
batch = tf.random.normal((16, 5))
labels = tf.one_hot(tf.random.uniform((16,), maxval=3, dtype=tf.int32), 3)

for step in range(2):
    with tf.GradientTape() as tape:
        data_loss = loss_fn(labels, model(batch, training=True))
        decay = sum(tf.reduce_sum(w * w) for w in model.trainable_variables)
        loss = data_loss + 1e-3 * decay
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    print(step, f"{float(loss):.5f}")
