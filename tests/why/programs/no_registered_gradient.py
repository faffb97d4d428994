import tensorflow as tf

w = tf.Variable([0.2, 1.7])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.bitcast(w, tf.float32) * 2.0)  # break: TPF506
try:
    print(tape.gradient(loss, w))
except LookupError as error:
    print(error)
