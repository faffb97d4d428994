import tensorflow as tf

g = tf.Variable(1.0)
d = tf.Variable(2.0)
with tf.GradientTape() as g_tape:
    g_loss = g * 3.0
with tf.GradientTape() as d_tape:
    d_loss = d * 4.0  # break: TPF305
print(g_tape.gradient(d_loss, d))
