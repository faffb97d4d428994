import tensorflow as tf

a, b = tf.Variable(1.0), tf.Variable(2.0)
with tf.GradientTape() as tape:
    y = a * b
print(tape.gradient(y, a))
try:
    print(tape.gradient(y, b))  # break: TPF401
except RuntimeError as error:
    print(error)
