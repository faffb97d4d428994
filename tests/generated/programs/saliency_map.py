import tensorflow as tf

tf.keras.utils.set_random_seed(1)

model = tf.keras.Sequential(
    [
        tf.keras.layers.Input((8, 8, 1)),
        tf.keras.layers.Conv2D(4, 3, activation="relu"),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(5),
    ]
)
image = tf.random.uniform((1, 8, 8, 1))
label = 2

with tf.GradientTape() as tape:
    tape.watch(image)
    logits = model(image, training=False)
    score = logits[:, label]

saliency = tape.gradient(score, image)
saliency = tf.reduce_max(tf.abs(saliency), axis=-1)
print("hottest pixel:", int(tf.argmax(tf.reshape(saliency, [-1]))))
