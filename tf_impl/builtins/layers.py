"""The layers that TensorFlow and Keras ship, as functions of their weights."""

import keras
import tensorflow as tf

from shared.bounds import Departure
from shared.catalogue.layers import EXPANDED
from shared.catalogue.recurrent import RECURRENT
from shared.recurrent_bounds import FromOutputs


def linear(x, kernel, bias):
    return tf.nn.bias_add(tf.matmul(x, kernel), bias)


def flatten(x):
    # a layer turns what it is given into its own dtype, float32 unless told
    return keras.layers.Flatten(dtype=x.dtype.name)(x)


def batch_norm(x, gamma, beta, epsilon):
    # these two are what keras.layers.BatchNormalization calls
    mean, variance = tf.nn.moments(x, list(range(len(x.shape) - 1)))
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


def batch_norm_inference(x, gamma, beta, mean, variance, epsilon):
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


def layer_norm(x, gamma, beta, epsilon):
    return keras.ops.layer_normalization(x, gamma, beta, epsilon=epsilon)


def conv2d(x, kernel, bias, strides, padding):
    if isinstance(padding, str):
        padding = padding.upper()
    else:
        # numbers are given for every axis, before and behind
        padding = [(0, 0), *((p, p) for p in padding), (0, 0)]
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides, padding), bias)


def max_pool2d(x, pool_size, strides):
    return tf.nn.max_pool2d(x, pool_size, strides, "VALID")


def average_pool2d(x, pool_size, strides):
    return tf.nn.avg_pool2d(x, pool_size, strides, "VALID")


def embedding(ids, embeddings):
    return tf.nn.embedding_lookup(embeddings, ids)


def simple_rnn(x, kernel, recurrent_kernel, bias, h0, mask):
    weights = kernel, recurrent_kernel, bias
    return _over_time(_step(keras.layers.SimpleRNNCell, weights), x, [h0], mask)


def lstm(x, kernel, recurrent_kernel, bias, h0, c0, mask):
    weights = kernel, recurrent_kernel, bias
    return _over_time(_step(keras.layers.LSTMCell, weights), x, [h0, c0], mask)


def gru(x, kernel, recurrent_kernel, bias, h0, mask):
    weights = kernel, recurrent_kernel, bias
    return _over_time(_step(keras.layers.GRUCell, weights), x, [h0], mask)


def _step(cell, weights):
    """What the cell makes of an input and of its states, by weights handed in."""
    kernel, recurrent_kernel, _ = weights
    cell = cell(recurrent_kernel.shape[0], dtype=kernel.dtype.name)
    cell.build((None, kernel.shape[0]))
    kept = [variable.value for variable in cell.non_trainable_variables]

    def step(x, states):
        (_, states), _ = cell.stateless_call(weights, kept, x, states)
        return states

    return step


def _over_time(step, x, states, mask):
    """The states after every step, side by side.

    Cells are stepped here one by one, since keras.layers.LSTM gives h alone for every step, and 0
    until the mask has let a first one through.
    """
    after = []
    for now, seen in zip(tf.unstack(x, axis=1), tf.unstack(mask, axis=1), strict=True):
        new = zip(step(now, states), states, strict=True)
        states = [tf.where(seen[:, None], h, before) for h, before in new]
        after.append(tf.concat(states, axis=-1))
    return tf.stack(after, axis=1)


FUNCTIONS = {
    function.__name__: function
    for function in (
        linear,
        flatten,
        batch_norm,
        batch_norm_inference,
        layer_norm,
        conv2d,
        max_pool2d,
        average_pool2d,
        embedding,
        simple_rnn,
        lstm,
        gru,
    )
}
SLOPES = "slopes of gates are taken from their outputs, and 1 − h cancels where h is nearly 1"
# the gradients in which it shows
SEEN = {"simple_rnn": ("g_x",), "lstm": ("g_x", "g_kernel"), "gru": ("g_x", "g_kernel", "g_h0")}

DEPARTURES = (
    Departure(
        "batch_norm_inference", "h", EXPANDED, "it is x (γ r) + (β − m γ r), which cancels",
    ),
    *(
        Departure(row.name, tensor, FromOutputs(row, tensor), SLOPES, modes=row.modes)
        for row in RECURRENT
        for tensor in SEEN[row.name]
    ),
)  # fmt: skip
