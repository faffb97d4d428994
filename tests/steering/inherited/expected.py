import tensorflow as tf
from nets import Base, batch


class Spring(Base):
    def energy(self, x):
        return tf.reduce_sum(self.forward(x) ** 2)


spring = Spring()
x = batch()["x"]
with tf.GradientTape() as tape:
    tape.watch(x)
    e = spring.energy(x)
force = tape.gradient(e, x)
print(force)
