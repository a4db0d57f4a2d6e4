"""The activations that TensorFlow and Keras ship."""

import keras
import numpy as np
import tensorflow as tf

from shared.bounds import (
    Absolute,
    Departure,
    Float32Constant,
    Ulps,
    Where,
    dropped_nan,
    partly_nan,
    tied,
    with_nan,
)


def leaky_relu(x, negative_slope=0.01):
    # the default of tf.nn is 0.2
    return tf.nn.leaky_relu(x, alpha=negative_slope)


def elu(x, alpha=1.0):
    return keras.activations.elu(x, alpha=alpha)


def gelu(x):
    # keras.ops.gelu would approximate by default; keras.activations.gelu and tf.nn.gelu do not
    return tf.nn.gelu(x, approximate=False)


def hard_tanh(x):
    return keras.ops.hard_tanh(x)


def prelu(x, slope):
    # keras.layers.PReLU written out, since a layer would own its slope
    return tf.nn.relu(x) - slope * tf.nn.relu(-x)


def maxout(x, pieces):
    # nothing ships under the name; this is how tfa.layers.Maxout computes it
    return tf.reduce_max(tf.reshape(x, (*x.shape[:-1], -1, pieces)), axis=-1)


FUNCTIONS = {
    "identity": tf.identity,
    "relu": tf.nn.relu,
    "leaky_relu": leaky_relu,
    "prelu": prelu,
    "sigmoid": tf.nn.sigmoid,
    "tanh": tf.nn.tanh,
    "hard_tanh": hard_tanh,
    "softmax": tf.nn.softmax,
    "log_softmax": tf.nn.log_softmax,
    "maxout": maxout,
    "softplus": tf.nn.softplus,
    "elu": elu,
    "gelu": gelu,
    "silu": tf.nn.silu,
}

CANCELS = "its gradient is computed from h, and 1 − h cancels where h is nearly 1"
FLOAT32 = "a constant of the formula is rounded to float32, in float64 too"
# 6 of them at the sample
SIGMOID = "the sigmoid kernel is up to 6.6 ULP off in the left tail"
KERNEL = dict(dtypes=("float32",), modes=("eager", "graph"))
DOUBLE = dict(dtypes=("float64",))
ONEDNN = dict(**KERNEL, kernels="oneDNN")
XLA = dict(modes=("compiled",))
SINGLE_XLA = dict(dtypes=("float32",), modes=("compiled",))

DEPARTURES = (
    Departure("leaky_relu", "h", Float32Constant(), FLOAT32, **DOUBLE),
    Departure("leaky_relu", "g_x", Float32Constant(), FLOAT32, **DOUBLE),
    Departure("prelu", "g_x", Where(lambda g, x, slope: ~(abs(x) > 0)), "the slope at 0 is 0"),
    Departure("sigmoid", "h", Ulps(6), SIGMOID, **KERNEL),
    Departure("sigmoid", "g_x", Absolute(), CANCELS),
    Departure("tanh", "h", Ulps(7), "the tanh kernel is up to 6.2 ULP off", **KERNEL),
    Departure("tanh", "h", Ulps(5), "XLA's tanh is up to 4.9 ULP off", **SINGLE_XLA),
    Departure("tanh", "g_x", Absolute(), CANCELS),
    Departure("hard_tanh", "g_x", Where(lambda g, x: abs(x) == 1), "g passes on at x = ±1"),
    Departure("softmax", "h", Where(dropped_nan),
              "oneDNN gives 0 for the numbers of a row with NaN or ∞", **ONEDNN),
    Departure("maxout", "h", Where(partly_nan),
              "under XLA the largest of a run with NaN is not NaN", **XLA),
    Departure("maxout", "g_x", Where(tied), "tied winners share the gradient"),
    Departure("maxout", "g_x", Where(with_nan), "the gradient of a run with NaN is NaN or shared"),
    Departure("softplus", "h", Ulps(7), "the softplus kernel is up to 7 ULP off", **KERNEL),
    Departure("softplus", "h", Ulps(8), "XLA's softplus is up to 7.4 ULP off", **SINGLE_XLA),
    Departure("softplus", "g_x", Ulps(6), SIGMOID, **KERNEL),
    Departure("elu", "h", Absolute(), "e^x − 1 is computed as written, and cancels at 0"),
    Departure("elu", "g_x", Absolute(), "it is computed from h as h + α, which cancels"),
    Departure("elu", "g_x", Where(lambda g, x, **_: np.isnan(x)), "NaN passes g on"),
    Departure("gelu", "h", Float32Constant(), FLOAT32, **DOUBLE),
    Departure("gelu", "h", Ulps(14), "tf.math.erfc is up to 13.5 ULP off", **KERNEL),
    Departure("gelu", "g_x", Float32Constant(), FLOAT32, **DOUBLE),
    Departure("gelu", "second_x", Float32Constant(), FLOAT32, **DOUBLE),
    Departure("silu", "h", Ulps(5), SIGMOID, **KERNEL),
)  # fmt: skip
