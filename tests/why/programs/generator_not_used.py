import tensorflow as tf

generator = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(2)])
critic = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.SGD(0.1)
parameters = critic.trainable_variables + generator.trainable_variables
for _ in range(2):
    fake = generator(tf.ones((4, 2)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(critic(fake)) - tf.reduce_mean(critic(tf.zeros((4, 2))))
    gradients = tape.gradient(loss, critic.trainable_variables)
    optimizer.apply_gradients(zip(gradients, critic.trainable_variables, strict=True))
with tf.GradientTape() as tape:
    other = tf.reduce_mean(critic(tf.ones((1, 2))) ** 2)
answers = tape.gradient(other, parameters)  # break: none
print([answer is None for answer in answers])
