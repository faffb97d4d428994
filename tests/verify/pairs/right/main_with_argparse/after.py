"""Fit a circle to points."""
import argparse
import logging

import numpy as np
import tensorflow as tf

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
log = logging.getLogger("circle")


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.1)
    return parser.parse_args()


def radial_error(centre, radius, points):
    distance = tf.norm(points - centre, axis=1)
    return tf.reduce_mean(tf.square(distance - radius))


def main():
    options = parse()
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    points = np.stack([1.0 + 2.0 * np.cos(angles), -0.5 + 2.0 * np.sin(angles)], axis=1).astype("float32")
    centre, radius = tf.Variable([0.0, 0.0]), tf.Variable(1.0)
    for step in range(options.steps):
        with tf.GradientTape() as tape:
            error = radial_error(centre, radius, points)
        for variable, grad in zip((centre, radius), tape.gradient(error, (centre, radius))):
            if grad is None:
                log.warning("no gradient at step %d", step)
            else:
                variable.assign_sub(options.rate * grad)
        log.info("step %d error %.4f", step, float(error))
    print("radius", round(float(radius), 3))


if __name__ == "__main__":
    main()
