import math

import tensorflow as tf

a = tf.Variable(0.3)
with tf.GradientTape() as tape:
    angle = math.sin(a)  # break: TPF103
    y = tf.constant(angle) * 2.0
print(tape.gradient(y, a))
