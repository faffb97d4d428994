"""Which pixels matter for the first class?"""
import tensorflow as tf

tf.random.set_seed(0)
image = tf.random.uniform((1, 9))
kernel = tf.Variable(tf.random.normal((1, 9)))
bias = tf.Variable(0.1)


def class_score(pixels):
    return tf.reduce_sum(tf.nn.softplus(pixels * kernel)) + bias


with tf.GradientTape() as tape:
    score = class_score(image)

saliency = tape.gradient(score, image)
if saliency is not None:
    ranking = tf.argsort(tf.abs(saliency[0]), direction="DESCENDING")
print("score", f"{float(score):.4f}")
