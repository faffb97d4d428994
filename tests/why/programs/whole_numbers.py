import tensorflow as tf

n = tf.Variable(3)
with tf.GradientTape() as tape:
    y = tf.cast(n, tf.float32) ** 2
print(tape.gradient(y, n))  # break: TPF206
