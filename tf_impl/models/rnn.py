"""Recurrent networks: a sequence read step by step, then a linear layer, as Keras models.

    x (n, T, D)  a series of numbers, or (n, T)  ids of characters, read one-hot, D of them
    h_t = f(x_t, h_{t−1}),  z = h_T W + b,  or z_t = h_t W + b at every step

The id 0 is padding: behind the end of a shorter sequence nothing is read, and the state stays. So
h_T is the state behind the last step that is read. The layers are called recurrent_1 and linear_1
in both halves, so that weights move by name.

A state may be handed in and comes out (`read`), which `fit_windows` carries from window to window
of a long sequence: truncated backpropagation through time.

Source: Introduction to Deep Learning, Unit 1 (architectures); Elman 1990, Finding Structure in
Time; Williams & Peng 1990, An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent
Network Trajectories (truncation).
"""

import keras
import tensorflow as tf

from shared.batches import check_count
from tf_impl import layers
from tf_impl.framework import array
from tf_impl.losses import softmax_cross_entropy

PACKAGE = "tf_impl.models"  # in tf_impl itself, LSTM and GRU are layers


class _Sequence(keras.Model):
    """What the networks share: outputs of shape (n, outputs), or (n, T, outputs) at every step.

    `features` are the numbers of a step, or how many ids there are, from the 0 of padding on.
    Weights start as those of the recurrent layer and of Linear do in each half.
    """

    layer = None

    def __init__(self, features, units, outputs, every_step=False, **kwargs):
        super().__init__(**kwargs)
        self.features, self.units, self.outputs = features, units, outputs
        self.every_step = every_step
        own = {"dtype": self.dtype_policy}
        options = {"return_sequences": True, "return_state": True}
        self.recurrent_1 = self.layer(units, **options, name="recurrent_1", **own)
        self.linear_1 = layers.Linear(outputs, name="linear_1", **own)
        self.build((None, None, features))

    def build(self, input_shape):
        self.recurrent_1.build((None, None, self.features))
        self.linear_1.build((None, self.units))

    def call(self, x):
        output, _ = self.read(x)
        return output

    def read(self, x, initial_state=None):
        """(output, state): from a state, or from 0, and the state behind the last step read.

        A state is what the recurrent layer gives and takes.
        """
        mask = None
        if len(x.shape) == 2:
            mask = x != 0
            # x_t = 1 at its id, else 0
            x = tf.one_hot(tf.cast(x, tf.int32), self.features, dtype=self.compute_dtype)
        h, *state = self.recurrent_1(x, initial_state=initial_state, mask=mask)
        # z = h W + b
        return self.linear_1(h if self.every_step else h[:, -1]), state

    def get_config(self):
        names = ("features", "units", "outputs", "every_step")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(PACKAGE)
class RNN(_Sequence):
    """Network of a SimpleRNN: h ← tanh(xW + hR + b).

    >>> RNN(features=1, units=4, outputs=1)(tf.zeros((5, 6, 1))).shape
    TensorShape([5, 1])
    """

    layer = layers.SimpleRNN


@keras.saving.register_keras_serializable(PACKAGE)
class LSTM(_Sequence):
    """Network of an LSTM: c ← σ(z_f) c + σ(z_i) tanh(z_n), h ← σ(z_o) tanh(c).

    >>> model = LSTM(features=30, units=4, outputs=30, every_step=True)
    >>> model(tf.constant([[3, 1, 2], [7, 0, 0]])).shape
    TensorShape([2, 3, 30])
    """

    layer = layers.LSTM


@keras.saving.register_keras_serializable(PACKAGE)
class GRU(_Sequence):
    """Network of a GRU: h ← u h + (1 − u) n.

    >>> [weight.path.partition("/")[2] for weight in GRU(1, 4, 1).weights[-2:]]
    ['linear_1/kernel', 'linear_1/bias']
    """

    layer = layers.GRU


def masked_cross_entropy(y_true, y_pred):
    """Mean softmax cross-entropy over the real steps: those whose label is not 0, padding.

    Labels are ids (n, T), logits (n, T, C). Every real step weighs alike, in a short sequence and
    in a long one; where there is none, the mean is NaN.

    >>> y, z = tf.constant([[1, 0]]), tf.constant([[[0.0, 0.0], [5.0, 7.0]]])
    >>> print(masked_cross_entropy(y, z).numpy())  # log 2: the second step does not count
    0.6931472
    """
    losses = softmax_cross_entropy(y_true, y_pred, reduction="none")
    real = tf.cast(y_true != 0, losses.dtype)
    # L = Σ losses of real steps / how many there are
    return tf.reduce_sum(real * losses) / tf.reduce_sum(real)


def window_loss(model, x, y, initial_state, loss):
    """(L, state) of one window: the state it starts from is a constant, as if it were data.

    So no gradient goes back to windows before: ∂h_t/∂h_s counts where s and t share a window.
    """
    if initial_state is not None:
        initial_state = [tf.stop_gradient(h) for h in initial_state]
    output, state = model.read(x, initial_state)
    return loss(y, output), state


def fit_windows(model, x, y, *, loss, optimizer, length, on_window=None):
    """Train by truncated backpropagation through time, one update for each window of x and y.

    x (n, T, …) and y (n, T, …) are tensors of the model's dtype, read once from the first step to
    the last, all n sequences side by side; the model gives an output at every step. A window is
    `length` steps, the last one what is left. The state goes on from window to window, its gradient
    does not: memory and time of an update do not grow with T, and what lies further back than the
    window is used but not learned from.

    `on_window(L, gradients)` is called after each update, with NumPy values, gradients by name.
    Returns the state behind the last step. Raises ValueError for a length below 1.
    """
    check_count("length", length)
    state, trained = None, model.trainable_variables
    names = [v.path.removeprefix(f"{model.name}/") for v in trained]
    for start in range(0, x.shape[1], length):
        now = slice(start, start + length)
        with tf.GradientTape() as tape:
            L, state = window_loss(model, x[:, now], y[:, now], state, loss)
        gradients = tape.gradient(L, trained)
        # W ← W − …
        optimizer.apply(gradients, trained)
        if on_window:
            on_window(array(L), dict(zip(names, map(array, gradients), strict=True)))
    return state
