"""Newton steps on a scalar function."""
import tensorflow as tf

x = tf.Variable(1.7)


def f(v):
    return tf.exp(-v) + 0.5 * v ** 2


def derivatives(at):
    """The value of f with its first and second derivative."""
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            value = f(at)
        slope = inner.gradient(value, at)
    return value, slope, outer.gradient(slope, at)


for i in range(2):
    y, dy, d2y = derivatives(x)
    print("iteration", i, "f %.5f" % y.numpy(), "df %.5f" % dy.numpy())
    if d2y is not None:
        print("curvature %.5f" % d2y.numpy())
