import tensorflow as tf

x = tf.Variable(2.0)
with tf.GradientTape() as outer, tf.GradientTape() as inner:
    y = x**3
first = inner.gradient(y, x)  # break: TPF304
print(outer.gradient(first, x))
