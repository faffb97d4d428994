import tensorflow as tf

v = tf.Variable(3.0, trainable=False)
with tf.GradientTape() as tape:
    y = v * v
print(tape.gradient(y, v))  # break: TPF204
