import tensorflow as tf

w = tf.Variable(1.0)
for _ in range(2):
    with tf.GradientTape() as tape:
        loss = (w - 3.0) ** 2
    g = tape.gradient(loss, w)
    if g is None:
        break
    w = w - 0.1 * g  # break: TPF207
