import tensorflow as tf

inputs = tf.keras.Input((3,))
hidden = tf.keras.layers.Dense(4, name="hidden")(inputs)
net = tf.keras.Model(inputs, tf.keras.layers.Dense(1)(hidden))
features_of = tf.keras.Model(inputs, hidden)
x = tf.ones((2, 3))
with tf.GradientTape() as tape:
    features = features_of(x)
    score = tf.reduce_sum(net(x))  # break: TPF602
print(tape.gradient(score, features))
