"""Command-line style script: gradients for two objectives."""
import sys

import tensorflow as tf

x = tf.Variable([1.0, -2.0, 0.5])


def objectives(v):
    return tf.reduce_sum(v ** 2), tf.reduce_prod(v)


def main(argv):
    with tf.GradientTape() as tape:
        total, product = objectives(x)
    first = tape.gradient(total, x)
    print("sum of squares", first.numpy())
    second = tape.gradient(product, x)
    print("product", second.numpy())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
