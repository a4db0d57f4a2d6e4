"""The models, trained by what TensorFlow and Keras ship."""

import keras
import numpy as np
import tensorflow as tf

from shared.histories import record
from tf_impl.framework import array, compiled, tensor


def logistic_regression(x, y, W, b, learning_rate, steps, mode="eager"):
    """keras.layers.Dense, tf.nn.sigmoid_cross_entropy_with_logits and keras.optimizers.SGD.

    Returns name -> NumPy array of shape (steps, …) for "loss", "g_W", "g_b", "W" and "b".
    """
    x, y = tensor(x), tensor(y)
    layer = keras.layers.Dense(1, dtype=x.dtype.name)
    layer.build(x.shape)
    layer.set_weights([W[:, None], np.reshape(b, 1)])
    optimizer = keras.optimizers.SGD(learning_rate)

    def train():
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y[:, None], layer(x))
            L = tf.reduce_mean(losses)
        gradients = tape.gradient(L, layer.trainable_variables)
        optimizer.apply(gradients, layer.trainable_variables)
        return L, *gradients, *(tf.identity(v) for v in layer.trainable_variables)

    step = compiled(train, mode)
    return record(step, steps, lambda value: np.squeeze(array(value)))
