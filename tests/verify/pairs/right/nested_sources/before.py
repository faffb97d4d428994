"""A small recurrent cell whose parameters are a nested structure."""
import tensorflow as tf

tf.random.set_seed(39)
params = {
    "cell": [tf.random.normal((2, 3)) * 0.5, tf.random.normal((3, 3)) * 0.5],
    "out": (tf.random.normal((3, 1)), tf.zeros((1,))),
}
sequence = tf.random.normal((5, 4, 2))
target = tf.reduce_sum(sequence[:, :, 0], axis=0)[:, tf.newaxis]


def rnn(p, inputs):
    state = tf.zeros((4, 3))
    for step in tf.unstack(inputs):
        state = tf.tanh(tf.matmul(step, p["cell"][0]) + tf.matmul(state, p["cell"][1]))
    return tf.matmul(state, p["out"][0]) + p["out"][1]


with tf.GradientTape() as tape:
    loss = tf.reduce_mean(tf.square(rnn(params, sequence) - target))

grads = tape.gradient(loss, params)
print("loss %.5f" % float(loss))
print("cell", [g is not None for g in grads["cell"]], "out", [g is not None for g in grads["out"]])
