import numpy as np
import tensorflow as tf

samples = np.array([-2.1, -1.9, -2.0, 2.9, 3.1, 3.0], dtype=np.float32)

means = tf.Variable([-1.0, 1.0])
log_sigma = tf.Variable([0.0, 0.0])
logits = tf.Variable([0.0, 0.0])


def neg_log_likelihood():
    sigma = tf.exp(log_sigma)
    z = (samples[:, None] - means[None, :]) / sigma
    log_density = -0.5 * z**2 - log_sigma - 0.5 * np.log(2 * np.pi)
    log_mix = tf.nn.log_softmax(logits)
    per_point = tf.reduce_logsumexp(log_mix + log_density, axis=1)
    return -tf.reduce_mean(per_point)


parameters = {"means": means, "log_sigma": log_sigma, "logits": logits}
for iteration in range(3):
    with tf.GradientTape() as tape:
        nll = neg_log_likelihood()
    gradients = tape.gradient(nll, parameters)
    for name, variable in parameters.items():
        variable.assign_sub(0.1 * gradients[name])
    print(iteration, float(nll))
