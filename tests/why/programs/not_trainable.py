import tensorflow as tf

v = tf.Variable(3.0, trainable=False)  # break: TPF204
with tf.GradientTape() as tape:
    y = v * v
print(tape.gradient(y, v))
