import tensorflow as tf

tf.random.set_seed(43)
hidden_size = 5
Wx = tf.Variable(tf.random.normal([2, hidden_size], stddev=0.3))
Wh = tf.Variable(tf.random.normal([hidden_size, hidden_size], stddev=0.3))
Wo = tf.Variable(tf.random.normal([hidden_size, 1], stddev=0.3))
params = [Wx, Wh, Wo]
sequence = tf.random.normal([3, 4, 2])
target = tf.ones([3, 1])


def run_rnn(inputs):
    state = tf.zeros([3, hidden_size])
    for step in range(4):
        pre = tf.matmul(inputs[:, step], Wx) + tf.matmul(state, Wh)
        state = tf.tanh(pre)
    return tf.matmul(state, Wo)


with tf.GradientTape() as tape:
    output = run_rnn(sequence)
    gap = output - target
    cost = tf.reduce_mean(tf.square(gap))

gradients = tape.gradient(cost, params)
clipped, total_norm = tf.clip_by_global_norm(gradients, 1.0)
for p, g in zip(params, clipped):
    p.assign_sub(0.1 * g)
print(float(cost), float(total_norm))
