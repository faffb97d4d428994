import tensorflow as tf

u = tf.Variable([1.0, 2.0])
with tf.GradientTape(persistent=True) as tape:
    y = tf.reduce_sum(tf.stop_gradient(u * 2.0))  # break: TPF107
    with tape.stop_recording():
        z = tf.reduce_sum(u)  # break: TPF107
print(tape.gradient(y, u))
print(tape.gradient(z, u))
