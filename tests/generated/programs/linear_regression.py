import tensorflow as tf

tf.random.set_seed(0)
features = tf.random.normal([64, 3])
labels = tf.matmul(features, [[1.5], [-2.0], [0.5]]) + 0.3

weights = tf.Variable(tf.zeros([3, 1]))
bias = tf.Variable(0.0)
learning_rate = 0.1

for step in range(5):
    with tf.GradientTape() as tape:
        predictions = tf.matmul(features, weights) + bias
        errors = predictions - labels
        loss = tf.reduce_mean(tf.square(errors))
    d_weights, d_bias = tape.gradient(loss, [weights, bias])
    weights.assign_sub(learning_rate * d_weights)
    bias.assign_sub(learning_rate * d_bias)
    print(f"step {step}: loss {float(loss):.4f}")
