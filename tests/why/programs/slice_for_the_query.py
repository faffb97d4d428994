import tensorflow as tf

xy = tf.random.normal((6, 2))
with tf.GradientTape() as tape:
    tape.watch(xy)
    u = tf.reduce_sum(tf.sin(xy[:, 0]) * xy[:, 1])
x = xy[:, 0:1]
print(tape.gradient(u, x))  # break: TPF208
