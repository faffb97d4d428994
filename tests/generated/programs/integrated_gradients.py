import tensorflow as tf

tf.keras.utils.set_random_seed(17)
model = tf.keras.Sequential([tf.keras.Input((5,)), tf.keras.layers.Dense(6, "gelu"), tf.keras.layers.Dense(3)])


def interpolate(baseline, x, alphas):
    alphas = alphas[:, tf.newaxis]
    return baseline[tf.newaxis] + alphas * (x - baseline)[tf.newaxis]


def compute_gradients(points, target):
    with tf.GradientTape() as tape:
        tape.watch(points)
        logits = model(points)
        probs = tf.nn.softmax(logits, axis=-1)[:, target]
    return tape.gradient(probs, points)


def integral_approximation(gradients):
    grads = (gradients[:-1] + gradients[1:]) / tf.constant(2.0)
    return tf.math.reduce_mean(grads, axis=0)


sample = tf.random.uniform((5,))
zero = tf.zeros((5,))
path = interpolate(zero, sample, tf.linspace(0.0, 1.0, 9))
attributions = (sample - zero) * integral_approximation(compute_gradients(path, 1))
print(attributions.numpy())
