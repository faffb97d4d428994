"""A loop that filters None and so never trains half of its network."""
import tensorflow as tf

tf.random.set_seed(24)
w1 = tf.Variable(tf.random.normal((3, 5)) * 0.5)
w2 = tf.Variable(tf.random.normal((5, 1)) * 0.5)
x = tf.random.normal((12, 3))
y = tf.reduce_sum(tf.sin(x), axis=1, keepdims=True)
rate = 0.05


def forward(inputs):
    hidden = tf.nn.relu(tf.matmul(inputs, w1))
    return tf.matmul(hidden, w2)


for step in range(4):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((forward(x) - y) ** 2)
    grads = tape.gradient(loss, [w1, w2])
    for variable, grad in zip([w1, w2], grads):
        if grad is not None:
            variable.assign_sub(rate * grad)
    print(f"step {step}: loss {loss:.5f}")
