# %% data
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(3)
X = rng.normal(size=(40, 2)).astype("float32")
Y = (X[:, :1] + X[:, 1:] > 0).astype("float32")

# %% model
W = tf.Variable([[0.1], [-0.1]], name="W")
b = tf.Variable([0.0], name="b")

# %% one step at a time
with tf.GradientTape(persistent=True) as tape:
    logits = X @ W + b
    probabilities = tf.sigmoid(logits)
    likelihood = Y * tf.math.log(probabilities + 1e-7) + (1 - Y) * tf.math.log(1 - probabilities + 1e-7)
    loss = -tf.reduce_mean(likelihood)

dW = tape.gradient(loss, W)
db = tape.gradient(loss, b)
del tape

# %% update
W.assign(W - 0.5 * dW)
b.assign(b - 0.5 * db)
print("loss", loss.numpy(), "W", W.numpy().ravel())
