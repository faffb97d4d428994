import tensorflow as tf

tf.keras.utils.set_random_seed(37)
base = tf.keras.Sequential(
    [
        tf.keras.Input((9, 9, 3)),
        tf.keras.layers.Conv2D(4, 3, activation="relu"),
        tf.keras.layers.Conv2D(4, 3, activation="relu"),
    ]
)


def calc_loss(img, model):
    img_batch = tf.expand_dims(img, axis=0)
    activations = model(img_batch)
    return tf.reduce_mean(activations)


class DeepDream:
    def __init__(self, model):
        self.model = model

    def __call__(self, img, steps, step_size):
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                tape.watch(img)
                loss = calc_loss(img, self.model)
            gradients = tape.gradient(loss, img)
            gradients /= tf.math.reduce_std(gradients) + 1e-8
            img = img + gradients * step_size
            img = tf.clip_by_value(img, -1, 1)
        return loss, img


dream = DeepDream(base)
loss, result = dream(tf.random.uniform((9, 9, 3)), 2, 0.01)
print(float(loss), result.shape)
