import numpy as np
import tensorflow as tf

w = tf.Variable([1.0, 2.0, 3.0])
with tf.GradientTape() as tape:
    terms = [np.log(w[i]) for i in range(3)]  # break: TPF102
    loss = sum(term * weight for term, weight in zip(terms, (1.0, 0.5, 0.25), strict=True))
try:
    print(tape.gradient(loss, w))
except AttributeError as error:
    print(error)
