import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(6)
inputs = tf.keras.Input((12, 12, 3))
x = tf.keras.layers.Conv2D(6, 3, activation="relu", name="first")(inputs)
x = tf.keras.layers.Conv2D(6, 3, activation="relu", name="last_conv")(x)
x = tf.keras.layers.GlobalAveragePooling2D()(x)
outputs = tf.keras.layers.Dense(4)(x)
model = tf.keras.Model(inputs, outputs)


def make_heatmap(img_array, model, layer_name, pred_index=None):
    grad_model = tf.keras.Model(model.inputs, [model.get_layer(layer_name).output, model.output])
    with tf.GradientTape() as tape:
        conv_output, preds = grad_model(img_array)
        if pred_index is None:
            pred_index = tf.argmax(preds[0])
        class_channel = preds[:, pred_index]
    grads = tape.gradient(class_channel, conv_output)
    pooled = tf.reduce_mean(grads, axis=(0, 1, 2))
    heatmap = conv_output[0] @ pooled[..., tf.newaxis]
    heatmap = tf.squeeze(heatmap)
    heatmap = tf.maximum(heatmap, 0) / (tf.math.reduce_max(heatmap) + 1e-8)
    return heatmap.numpy()


img = np.random.rand(1, 12, 12, 3).astype("float32")
print(make_heatmap(img, model, "last_conv", pred_index=1).shape)
