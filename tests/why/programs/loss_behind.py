import tensorflow as tf

layer = tf.keras.layers.Dense(2)
x = tf.ones((3, 4))
with tf.GradientTape() as tape:
    y = layer(x)
loss = tf.reduce_mean(y**2)  # break: TPF302
print(tape.gradient(loss, layer.trainable_variables))
