"""Input gradient of a trained classifier, asked for through predict."""
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(13)
model = keras.Sequential(
    [
        keras.Input((6,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
batch = tf.random.normal((4, 6))
wanted = tf.one_hot([0, 1, 2, 0], 3)

with tf.GradientTape() as tape:
    tape.watch(batch)
    probs = model.predict(batch, verbose=0)
    loss = tf.reduce_mean(keras.losses.categorical_crossentropy(wanted, probs))

input_grad = tape.gradient(loss, batch)
print("loss", float(loss))
print("input gradient", input_grad)
