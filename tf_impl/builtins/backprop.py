"""The network of three layers by the framework's own matrix products and activations."""

import tensorflow as tf

from shared.bounds import Composition, Departure, Float32Constant
from shared.reference.backprop import checked
from tf_impl.builtins import activations
from tf_impl.builtins.activations import DOUBLE, FLOAT32


def network(x, W1, b1, W2, b2, W3, b3, activation="tanh", recursion=None):
    # whatever the recursion, the framework differentiates the forward pass
    weights = [(W1, b1), (W2, b2), (W3, b3)]
    for (W, b), phi in zip(weights, checked(weights, x, activation), strict=True):
        x = _activate(phi, tf.matmul(x, W) + b)
    return x


def _activate(phi, x):
    name, options = phi
    if "slope" in options:
        slope = options["slope"]
        options = {**options, "slope": tf.constant(slope, x.dtype)}
    return activations.FUNCTIONS[name](x, *options.values())


FUNCTIONS = {"network": network}
DEPARTURES = tuple(
    Departure(
        "network", tensor, Float32Constant(Composition()), FLOAT32, **DOUBLE,
        options={"activation": "gelu"},
    )
    for tensor in ("h", "g_x", "g_W1", "g_b1", "g_W2", "g_b2", "g_W3", "g_b3")
)  # fmt: skip
