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
    logits = model(batch, training=True)
    with tf.GradientTape() as tape:
        loss = loss_fn(labels, logits)
        loss += 1e-3 * tf.add_n([tf.reduce_sum(tf.square(w.value.numpy())) for w in model.trainable_variables])
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    print(step, f"{float(loss):.5f}")
