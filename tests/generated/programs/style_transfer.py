import tensorflow as tf

tf.keras.utils.set_random_seed(23)
features = tf.keras.Sequential([tf.keras.Input((10, 10, 3)), tf.keras.layers.Conv2D(4, 3, activation="relu")])
features.trainable = False

content = tf.random.uniform((1, 10, 10, 3))
style = tf.random.uniform((1, 10, 10, 3))


def gram_matrix(tensor):
    result = tf.linalg.einsum("bijc,bijd->bcd", tensor, tensor)
    shape = tf.shape(tensor)
    locations = tf.cast(shape[1] * shape[2], tf.float32)
    return result / locations


content_target = features(content)
style_target = gram_matrix(features(style))
image = tf.Variable(content)
optimizer = tf.keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)


def clip_0_1(img):
    return tf.clip_by_value(img, clip_value_min=0.0, clip_value_max=1.0)


def train_step():
    with tf.GradientTape() as tape:
        outputs = features(image)
        style_loss = tf.reduce_mean((gram_matrix(outputs) - style_target) ** 2)
        content_loss = tf.reduce_mean((outputs - content_target) ** 2)
        loss = 1e-1 * style_loss + content_loss
    grad = tape.gradient(loss, image)
    optimizer.apply_gradients([(grad, image)])
    image.assign(clip_0_1(image))
    return loss


for n in range(3):
    print("loss", float(train_step()))
