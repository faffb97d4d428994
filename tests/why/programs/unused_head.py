import tensorflow as tf

w = tf.Variable(2.0)
head = tf.Variable(1.5)
with tf.GradientTape() as tape:
    loss = w**2
print(tape.gradient(loss, [w, head]))  # break: none
