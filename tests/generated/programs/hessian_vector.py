import tensorflow as tf

point = tf.constant([1.0, 2.0, 3.0])
direction = tf.constant([1.0, 0.0, -1.0])


def rosenbrock(v):
    head, tail = v[:-1], v[1:]
    return tf.reduce_sum(100.0 * (tail - head**2) ** 2 + (1.0 - head) ** 2)


with tf.GradientTape() as outer:
    outer.watch(point)
    with tf.GradientTape() as inner:
        inner.watch(point)
        value = rosenbrock(point)
    gradient = inner.gradient(value, point)
    along = tf.reduce_sum(gradient * direction)
product = outer.gradient(along, point)
print(value.numpy(), product.numpy())
