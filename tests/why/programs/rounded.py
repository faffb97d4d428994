import tensorflow as tf

w = tf.Variable([0.2, 1.7])
with tf.GradientTape() as tape:
    q = tf.round(w * 4.0) / 4.0  # break: TPF502
    loss = tf.reduce_sum(q**2)
print(tape.gradient(loss, w))
