import numpy as np
import tensorflow as tf


class SVM:
    def __init__(self, n_features, C=1.0):
        self.w = tf.Variable(tf.ones((n_features, 1)) * 0.1)
        self.b = tf.Variable(0.0)
        self.C = C

    def decision(self, X):
        return tf.matmul(X, self.w) + self.b

    def hinge(self, X, y):
        margins = 1.0 - y * self.decision(X)
        hinge = tf.maximum(margins, 0.0)
        return 0.5 * tf.reduce_sum(self.w ** 2) + self.C * tf.reduce_mean(hinge)

    def fit(self, X, y, epochs=3, lr=0.1):
        for epoch in range(epochs):
            with tf.GradientTape() as tape:
                loss = self.hinge(X, y)
            dw, db = tape.gradient(loss, [self.w, self.b])
            self.w.assign_sub(lr * dw)
            self.b.assign_sub(lr * db)
        return self


rng = np.random.default_rng(1)
X = rng.normal(size=(20, 3)).astype(np.float32)
y = np.sign(X[:, :1] + 0.5).astype(np.float32)
svm = SVM(3).fit(X, y)
accuracy = np.mean(np.sign(svm.decision(X).numpy()) == y)
print("accuracy", accuracy)
