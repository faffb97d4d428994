import tensorflow as tf

w = tf.Variable(2.0)
state = tf.Variable(0.0)
with tf.GradientTape() as tape:
    state.assign(w * w)  # break: TPF504
    loss = state * 3.0
print(tape.gradient(loss, w))
