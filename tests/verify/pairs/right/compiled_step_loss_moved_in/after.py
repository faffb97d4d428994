import tensorflow as tf

tf.keras.utils.set_random_seed(19)
model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(5, "relu"), tf.keras.layers.Dense(2)])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        predictions = model(images, training=True)
        loss = loss_fn(labels, predictions)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return loss


dataset = tf.data.Dataset.from_tensor_slices(
    (tf.random.stateless_normal((12, 3), seed=(1, 1)), tf.constant([0, 1] * 6))
).batch(4)
for images, labels in dataset:
    value = train_step(images, labels)
    print(value.numpy())
