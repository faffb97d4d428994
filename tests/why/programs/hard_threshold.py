import tensorflow as tf

w = tf.Variable([0.2, 1.7])
with tf.GradientTape() as tape:
    hits = tf.cast(tf.sigmoid(w) > 0.5, tf.float32)  # break: TPF503
    loss = tf.reduce_mean(1.0 - hits)
print(tape.gradient(loss, w))
