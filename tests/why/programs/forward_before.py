import tensorflow as tf

layer = tf.keras.layers.Dense(2)
x = tf.ones((3, 4))
y = layer(x)  # break: TPF301
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(y**2)
print(tape.gradient(loss, layer.trainable_variables))
