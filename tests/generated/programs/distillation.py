import tensorflow as tf

tf.keras.utils.set_random_seed(41)
teacher = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(16, "relu"), tf.keras.layers.Dense(3)])
student = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3)])
kl = tf.keras.losses.KLDivergence()
ce = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.Adam(1e-2)
alpha, temperature = 0.1, 3.0

x = tf.random.normal((12, 4))
y = tf.constant([0, 1, 2] * 4)
# the teacher is not trained: its answers are constants
teacher_predictions = teacher.predict(x, verbose=0)

for epoch in range(2):
    with tf.GradientTape() as tape:
        student_predictions = student(x, training=True)
        student_loss = ce(y, student_predictions)
        soft_targets = tf.nn.softmax(teacher_predictions / temperature, axis=1)
        soft_outputs = tf.nn.softmax(student_predictions / temperature, axis=1)
        distillation_loss = kl(soft_targets, soft_outputs) * temperature**2
        loss = alpha * student_loss + (1 - alpha) * distillation_loss
    grads = tape.gradient(loss, student.trainable_variables)
    optimizer.apply_gradients(zip(grads, student.trainable_variables))
    print(epoch, loss.numpy())
