import tensorflow as tf


class Gate(tf.keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer="glorot_uniform", name="w")
        self.v = self.add_weight(shape=(shape[-1], self.units), initializer="glorot_uniform", name="v")

    def call(self, inputs):
        gate = tf.sigmoid(tf.matmul(inputs, self.v))
        candidate = tf.tanh(tf.matmul(inputs, self.w))
        return gate * candidate


tf.keras.utils.set_random_seed(59)
layer = Gate(3)
sample = tf.random.normal((4, 2))
with tf.GradientTape() as tape:
    output = layer(sample)
    energy = tf.reduce_sum(tf.square(output), axis=-1)
    loss = tf.reduce_mean(energy)
for variable, grad in zip(layer.trainable_variables, tape.gradient(loss, layer.trainable_variables)):
    print(variable.name, tf.norm(grad).numpy())
