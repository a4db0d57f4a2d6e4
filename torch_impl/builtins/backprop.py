"""The network of three layers by the framework's own matrix products and activations."""

import torch

from shared.reference.backprop import checked
from torch_impl.builtins import activations


def network(x, W1, b1, W2, b2, W3, b3, activation="tanh", recursion=None):
    # whatever the recursion, the framework differentiates the forward pass
    weights = [(W1, b1), (W2, b2), (W3, b3)]
    for (W, b), phi in zip(weights, checked(weights, x, activation), strict=True):
        x = _activate(phi, x @ W + b)
    return x


def _activate(phi, x):
    name, options = phi
    if "slope" in options:
        slope = options["slope"]
        options = {**options, "slope": torch.as_tensor(slope, dtype=x.dtype)}
    return activations.FUNCTIONS[name](x, *options.values())


FUNCTIONS = {"network": network}
DEPARTURES = ()
