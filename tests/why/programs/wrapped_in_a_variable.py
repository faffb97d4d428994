import tensorflow as tf

u = tf.Variable([1.0, 2.0])
with tf.GradientTape() as tape:
    h = u**2
    copy = tf.Variable(h)  # break: TPF105
    y = tf.reduce_sum(copy * 3.0)
print(tape.gradient(y, u))
