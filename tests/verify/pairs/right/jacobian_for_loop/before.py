"""Jacobian of a kinematic chain, row by row."""
import tensorflow as tf

joints = tf.Variable([0.2, 0.5, -0.3])
links = tf.constant([1.0, 0.7, 0.4])


def forward_kinematics(q):
    total = tf.cumsum(q)
    return tf.stack([tf.reduce_sum(links * tf.cos(total)), tf.reduce_sum(links * tf.sin(total))])


with tf.GradientTape() as tape:
    pose = forward_kinematics(joints)
    outputs = tf.unstack(pose)

rows = [tape.gradient(output, joints) for output in outputs]
jacobian = tf.stack(rows)
print(jacobian.shape)
print("manipulability %.4f" % tf.sqrt(tf.linalg.det(jacobian @ tf.transpose(jacobian))).numpy())
