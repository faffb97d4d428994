"""Newton steps on a scalar function."""
import tensorflow as tf

x = tf.Variable(1.7)


def f(v):
    return tf.exp(-v) + 0.5 * v ** 2


for i in range(2):
    with tf.GradientTape() as t2:
        with tf.GradientTape() as t1:
            y = f(x)
    dy = t1.gradient(y, x)
    d2y = t2.gradient(dy, x)
    print("iteration", i, "f %.5f" % y.numpy(), "df %.5f" % dy.numpy())
    if d2y is not None:
        print("curvature %.5f" % d2y.numpy())
