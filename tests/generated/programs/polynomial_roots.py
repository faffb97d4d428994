import tensorflow as tf

# Newton's method: the derivative comes from a tape.
x = tf.Variable(3.0)
for k in range(4):
    with tf.GradientTape() as tape:
        fx = x**3 - 2.0 * x - 5.0
    slope = tape.gradient(fx, x)
    x.assign_sub(fx / slope)
    print(k, float(x))

coefficients = tf.Variable([2.0, -3.0, 1.0])
with tf.GradientTape() as tape:
    powers = tf.stack([x**2, x, 1.0])
    value = tf.reduce_sum(coefficients * powers)
print(tape.gradient(value, coefficients).numpy())
