import argparse

import tensorflow as tf


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.1)
    return parser.parse_args()


def objective(z):
    centre = tf.constant([1.0, -2.0])
    distance = tf.norm(z - centre)
    return distance + 0.1 * tf.reduce_sum(tf.cos(3.0 * z))


def minimise(steps, rate):
    z = tf.Variable([0.0, 0.0])
    trace = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            cost = objective(z)
        z.assign_sub(rate * tape.gradient(cost, z))
        trace.append(float(cost))
    return z, trace


if __name__ == "__main__":
    args = parse()
    z, trace = minimise(args.steps, args.rate)
    print("best", z.numpy(), "after", trace)
