"""The losses that TensorFlow and Keras ship, their reduction beside them."""

import keras
import tensorflow as tf

from shared.bounds import Absolute, Departure

REDUCE = {"mean": tf.reduce_mean, "sum": tf.reduce_sum, "none": tf.identity}


def squared_error(y_true, y_pred, reduction="mean"):
    # Keras divides by the number of outputs
    losses = y_pred.shape[1] * keras.losses.mean_squared_error(y_true, y_pred)
    return REDUCE[reduction](losses)


def mean_squared_error(y_true, y_pred, reduction="mean"):
    # Keras takes the mean over the last axis, which is therefore made one element long
    losses = keras.losses.mean_squared_error(y_true[..., None], y_pred[..., None])
    return REDUCE[reduction](losses)


def binary_cross_entropy(y_true, y_pred, reduction="mean"):
    losses = keras.losses.binary_crossentropy(y_true[..., None], y_pred[..., None])
    return REDUCE[reduction](losses)


def binary_cross_entropy_with_logits(y_true, y_pred, reduction="mean"):
    return REDUCE[reduction](tf.nn.sigmoid_cross_entropy_with_logits(y_true, y_pred))


def softmax_cross_entropy(y_true, y_pred, reduction="mean"):
    # TensorFlow has one function for class ids, another for probabilities
    of_ids, of_rows = (
        tf.nn.sparse_softmax_cross_entropy_with_logits,
        tf.nn.softmax_cross_entropy_with_logits,
    )
    losses = (of_ids if y_true.dtype.is_integer else of_rows)(y_true, y_pred)
    return REDUCE[reduction](losses)


def l2_penalty(W, weight=1.0):
    return keras.regularizers.L2(weight)(W)


FUNCTIONS = {
    function.__name__: function
    for function in (
        squared_error,
        mean_squared_error,
        binary_cross_entropy,
        binary_cross_entropy_with_logits,
        softmax_cross_entropy,
        l2_penalty,
    )
}
CANCELS = "its gradient is (1 − y)/(1 − p) − y/p, whose terms cancel"
DEPARTURES = (Departure("binary_cross_entropy", "g_y_pred", Absolute(), CANCELS),)
