import numpy as np
import tensorflow as tf
from nets import batch, make

net = make("base")
data = batch()
with tf.GradientTape() as tape:
    out = net.forward(data["x"])
    # mean of the squares
    loss = tf.reduce_mean(tf.square(out))
print(tape.gradient(loss, net.w))
