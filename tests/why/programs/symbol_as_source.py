import tensorflow as tf

inputs = tf.keras.Input((3,))
hidden = tf.keras.layers.Dense(4, name="hidden")(inputs)
net = tf.keras.Model(inputs, tf.keras.layers.Dense(1)(hidden))
with tf.GradientTape() as tape:
    score = tf.reduce_sum(net(tf.ones((2, 3))))
try:
    print(tape.gradient(score, net.get_layer("hidden").output))  # break: TPF601
except AttributeError as error:
    print(error)
