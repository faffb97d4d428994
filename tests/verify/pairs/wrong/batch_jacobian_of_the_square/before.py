"""TensorFlow makes zeros of a batch Jacobian that nothing leads to."""
import tensorflow as tf

x = tf.reshape(tf.range(6.0), (3, 2))
with tf.GradientTape() as tape:
    y = tf.stack([x[:, 0] ** 2, x[:, 0] * x[:, 1]], axis=1)
jacobians = tape.batch_jacobian(y, x)
print(jacobians.shape)
