import tensorflow as tf


class Policy:
    def __init__(self):
        self.table = tf.Variable([0.5, 0.25])


policy = Policy()
for _ in range(2):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(policy.table**2)
    gradient = tape.gradient(loss, policy.table)
    if gradient is not None:
        policy.table = policy.table - 0.1 * gradient  # break: TPF207
