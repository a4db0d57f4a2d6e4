"""Long sums without their rounding: what float32 results over many numbers are measured against.

Terms are formed in float64 and summed by `math.fsum`, which rounds once, at the end. A product of
two float32 numbers is exact in float64, so a sum of them is off by half a unit of float64. Other
terms are off by a few such units each and are all of one sign, and so is their sum: 2^−27 of a unit
of float32.

    x, W  inputs     y  labels     p  predictions     n  how many losses
"""

import math
from functools import partial

import numpy as np

from shared.reference import losses

LOSSES = ("squared_error", "mean_squared_error", "binary_cross_entropy",
          "binary_cross_entropy_with_logits", "softmax_cross_entropy")  # fmt: skip


def total(x):
    """Σ x."""
    return _sum(x)


def linear(x, kernel, bias):
    """Σ x W + b of one row and one unit."""
    return np.array([[_sum(x[0] * kernel[:, 0], bias)]])


def softmax(x, axis=-1):
    """e^z / Σ e^z of one row, z = x − max x."""
    e = np.exp(x - np.max(x))
    return e / _sum(e)


def log_softmax(x, axis=-1):
    """z − log Σ e^z of one row, z = x − max x."""
    z = x - np.max(x)
    return z - math.log(_sum(np.exp(z)))


def l2_penalty(W):
    """Σ W²."""
    return _sum(W * W)


def mean(name, y_true, y_pred):
    """Σ L / n of the loss of this name."""
    each = getattr(losses, name)(y_true, y_pred, reduction="none")
    return _sum(each) / each.size


def _sum(*terms) -> np.float64:
    return np.float64(math.fsum(np.concatenate([np.ravel(t) for t in terms]).tolist()))


# name of a concept, or of a sum: its exact value at float32 numbers in float64
EXACT = {
    "sum": total,
    "sum of both signs": total,
    "linear": linear,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "l2_penalty": l2_penalty,
    **{name: partial(mean, name) for name in LOSSES},
}
