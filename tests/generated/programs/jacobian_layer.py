import tensorflow as tf

tf.keras.utils.set_random_seed(8)
layer = tf.keras.layers.Dense(3, activation=tf.nn.relu)
x = tf.random.normal([5, 4])

with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    y = layer(x)
    scaled = 2.0 * y

per_kernel = tape.jacobian(scaled, layer.kernel)
per_example = tape.batch_jacobian(scaled, x)
del tape
print(per_kernel.shape, per_example.shape)
