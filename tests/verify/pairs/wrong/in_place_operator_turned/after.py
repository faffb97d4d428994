"""Two parameters whose updates raise."""
import tensorflow as tf

slope = tf.Variable(2.0)
offset = tf.Variable([0.5, -0.5])
x = tf.constant([1.0, 3.0])

for step in range(3):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((slope * x + offset - 1.0) ** 2)
    first, second = tape.gradient(loss, [slope, offset])
    slope.assign_add(0.01 * first)
    offset.assign(offset * (1.0 - 0.02 * second))
    print(step, float(loss))
