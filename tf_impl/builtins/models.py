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


def cnn(
    image, filters, classes, kernel_size=3, strides=1, padding="same", pool_size=2,
    activation="relu", dtype=None,
):  # fmt: skip
    """keras.layers.Conv2D, Activation, MaxPooling2D, Flatten and Dense, named as CNN's layers."""
    steps = [keras.Input(image, dtype=dtype)]
    for r, units in enumerate(filters, 1):
        options = {"name": f"conv_{r}", "dtype": dtype}
        steps.append(keras.layers.Conv2D(units, kernel_size, strides, padding, **options))
        steps.append(keras.layers.Activation(activation, dtype=dtype))
        if pool_size:
            steps.append(keras.layers.MaxPooling2D(pool_size, dtype=dtype))
    steps.append(keras.layers.Flatten(dtype=dtype))
    steps.append(keras.layers.Dense(classes, name="linear_1", dtype=dtype))
    return keras.Sequential(steps)


def mlp(features, units, activation="relu", last=None, dtype=None):
    """keras.layers.Dense and Activation, named as MLP's layers; one behind them if asked for."""
    steps = [keras.Input((features,), dtype=dtype)]
    for r, width in enumerate(units, 1):
        steps.append(keras.layers.Dense(width, name=f"linear_{r}", dtype=dtype))
        between = activation if r < len(units) else last
        if between:
            steps.append(keras.layers.Activation(between, dtype=dtype))
    return keras.Sequential(steps)


def feedforward(
    features, units, activation="relu", rate=0.5, batch_norm=True, momentum=0.9, epsilon=1e-3,
    dtype=None,
):  # fmt: skip
    """keras.layers.Dense, BatchNormalization and Activation, named as FeedForward's layers.

    keras.layers.Dropout takes no mask: here stands what it computes of one. BatchNormalization
    keeps the biased variance and cannot be told otherwise.
    """
    own, steps = {"dtype": dtype}, [keras.Input((features,), dtype=dtype)]

    class Model(keras.Sequential):
        def call(self, x, training=False):
            h, start = x[:, :features], features
            for step in self.layers:
                h = step(h)
                if step.name.startswith("activation") and training:
                    keep, start = x[:, start : start + h.shape[1]], start + h.shape[1]
                    h = h * keep / (1 - rate)
            return h

    for r, U in enumerate(units[:-1], 1):
        use_bias = not batch_norm
        steps.append(keras.layers.Dense(U, use_bias=use_bias, name=f"linear_{r}", **own))
        if batch_norm:
            named = {"name": f"batch_norm_{r}", **own}
            steps.append(keras.layers.BatchNormalization(-1, momentum, epsilon, **named))
        steps.append(keras.layers.Activation(activation, name=f"activation_{r}", **own))
    steps.append(keras.layers.Dense(units[-1], name=f"linear_{len(units)}", **own))
    return Model(steps)


def rnn(features, units, outputs, every_step=False, dtype=None):
    """keras.layers.SimpleRNN and Dense, named as RNN's layers."""
    return _sequence(keras.layers.SimpleRNN, features, units, outputs, every_step, dtype)


def lstm(features, units, outputs, every_step=False, dtype=None):
    """keras.layers.LSTM and Dense, named as LSTM's layers."""
    return _sequence(keras.layers.LSTM, features, units, outputs, every_step, dtype)


def gru(features, units, outputs, every_step=False, dtype=None):
    """keras.layers.GRU and Dense, named as GRU's layers."""
    return _sequence(keras.layers.GRU, features, units, outputs, every_step, dtype)


def _sequence(layer, features, units, outputs, every_step, dtype):
    class Model(keras.Model):
        def __init__(self):
            super().__init__(dtype=dtype)
            own = {"dtype": dtype}
            self.recurrent_1 = layer(units, return_sequences=every_step, name="recurrent_1", **own)
            self.linear_1 = keras.layers.Dense(outputs, name="linear_1", **own)
            self.build((None, None, features))

        def build(self, input_shape):
            self.recurrent_1.build(input_shape)
            self.linear_1.build((None, units))

        def call(self, x):
            mask = None
            if len(x.shape) == 2:
                mask = x != 0
                x = keras.ops.one_hot(x, features, dtype=self.compute_dtype)
            return self.linear_1(self.recurrent_1(x, mask=mask))

    return Model()


def masked_cross_entropy(y_true, y_pred):
    """keras.losses.SparseCategoricalCrossentropy that leaves out the label 0."""
    loss = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=0, dtype=y_pred.dtype.name
    )
    return loss(y_true, y_pred)


class Autoencoder(keras.Model):
    """keras.layers.Dense twice, giving what it reads, its code and its reconstruction."""

    def __init__(self, features, units, dtype=None):
        super().__init__(dtype=dtype)
        options = {"activation": "sigmoid", "dtype": dtype}
        self.encoder = keras.layers.Dense(units, name="encoder", **options)
        self.decoder = keras.layers.Dense(features, name="decoder", **options)
        self.build((None, features))

    def build(self, input_shape):
        self.encoder.build(input_shape)
        self.decoder.build((None, self.encoder.units))

    def call(self, x):
        h = self.encoder(x)
        return x, h, self.decoder(h)


def reconstruction_loss(y_true, y_pred):
    """keras.losses.mean_squared_error of what this Autoencoder gives."""
    _, _, o = y_pred
    return tf.reduce_mean(keras.losses.mean_squared_error(y_true, o))


def sparse_loss(mean_activation, weight):
    """The same and keras.losses.kl_divergence, of each unit's (ρ, 1 − ρ) from (m, 1 − m)."""

    def loss(y_true, y_pred):
        _, h, _ = y_pred
        m = tf.reduce_mean(h, 0)
        both = tf.stack([m, 1 - m], -1)
        wanted = tf.broadcast_to(
            tf.constant([mean_activation, 1 - mean_activation], m.dtype), both.shape
        )
        divergence = tf.reduce_sum(keras.losses.kl_divergence(wanted, both))
        return reconstruction_loss(y_true, y_pred) + weight * divergence

    return loss


def contractive_loss(model, weight):
    """The same and ‖∂h/∂x‖² from TensorFlow's own Jacobian, which it differentiates once more."""

    def loss(y_true, y_pred):
        x, _, _ = y_pred
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            h = model.encoder(x)
        squares = tf.square(tape.batch_jacobian(h, x, experimental_use_pfor=False))
        penalty = tf.reduce_mean(tf.reduce_sum(squares, [1, 2]))
        return reconstruction_loss(y_true, y_pred) + weight * penalty

    return loss
