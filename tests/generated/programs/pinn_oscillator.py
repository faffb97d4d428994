import tensorflow as tf

tf.keras.utils.set_random_seed(21)

net = tf.keras.Sequential(
    [tf.keras.Input((1,)), tf.keras.layers.Dense(10, "tanh"), tf.keras.layers.Dense(1)]
)
opt = tf.keras.optimizers.Adam(0.01)
t = tf.reshape(tf.linspace(0.0, 1.0, 12), (-1, 1))
omega = 2.0


def residual(time):
    with tf.GradientTape() as outer:
        outer.watch(time)
        with tf.GradientTape() as inner:
            inner.watch(time)
            u = net(time)
        u_t = inner.gradient(u, time)
    u_tt = outer.gradient(u_t, time)
    return u_tt + omega**2 * u


for epoch in range(2):
    with tf.GradientTape() as tape:
        physics = tf.reduce_mean(tf.square(residual(t)))
        start = tf.square(net(tf.zeros((1, 1))) - 1.0)
        total = physics + tf.reduce_sum(start)
    grads = tape.gradient(total, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))
    print(epoch, float(total))
