import tensorflow as tf

A = tf.constant([[2.0, 1.0], [1.0, 3.0], [0.0, 1.0]])
b = tf.constant([[1.0], [2.0], [3.0]])
ridge = tf.constant(1.0)

with tf.GradientTape(persistent=True) as g:
    g.watch(A)
    g.watch(ridge)
    normal = tf.matmul(A, A, transpose_a=True) + ridge * tf.eye(2)
    solution = tf.linalg.solve(normal, tf.matmul(A, b, transpose_a=True))
    fit = tf.reduce_sum((tf.matmul(A, solution) - b) ** 2)

dfit_dA = g.gradient(fit, A)
dfit_dridge = g.gradient(fit, ridge)
print(dfit_dA.numpy(), dfit_dridge.numpy())
