import tensorflow as tf

x = tf.constant([1, 2, 3])
with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape() as inner:
        inner.watch(x)
        y = tf.reduce_sum(tf.sin(tf.cast(x, tf.float32)))
    g = inner.gradient(y, x)  # break: TPF206
h = outer.gradient(g, x)  # break: none
