import tensorflow as tf

x = tf.Variable(2.0)

with tf.GradientTape() as tape2:
    with tf.GradientTape() as tape1:
        y = x**3 + tf.sin(x)
    dy_dx = tape1.gradient(y, x)
    slope = 1.0 * dy_dx
d2y_dx2 = tape2.gradient(slope, x)

print("dy_dx:", dy_dx.numpy())
print("d2y_dx2:", d2y_dx2.numpy())
