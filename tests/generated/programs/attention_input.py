import tensorflow as tf

tf.random.set_seed(47)
query = tf.random.normal((1, 3, 4))
key = tf.random.normal((1, 5, 4))
value = tf.random.normal((1, 5, 4))


def attention(q, k, v):
    scores = tf.matmul(q, k, transpose_b=True)
    scores = scores / tf.sqrt(tf.cast(tf.shape(k)[-1], tf.float32))
    weights = tf.nn.softmax(scores, axis=-1)
    return tf.matmul(weights, v), weights


with tf.GradientTape(persistent=True) as tape:
    tape.watch([query, key, value])
    context, weights = attention(query, key, value)
    energy = tf.reduce_sum(context**2)
    entropy = -tf.reduce_sum(weights * tf.math.log(weights))

d_query, d_key, d_value = tape.gradient(energy, [query, key, value])
d_entropy = tape.gradient(entropy, query)
print(d_query.shape, d_key.shape, d_value.shape, d_entropy.shape)
