import tensorflow as tf

net = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
x = tf.ones((2, 3))
with tf.GradientTape() as tape:
    out = net.predict(x, verbose=0)  # break: TPF104
    loss = tf.reduce_mean(tf.square(out))
print(tape.gradient(loss, net.trainable_variables))
