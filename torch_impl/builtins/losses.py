"""The losses that PyTorch ships."""

import torch
import torch.nn.functional as F

from shared.bounds import Departure
from shared.catalogue.losses import SECOND_FROM_OUTPUT, SecondWithEpsilon

REDUCE = {"mean": torch.mean, "sum": torch.sum, "none": torch.clone}


def squared_error(input, target, reduction="mean"):
    # torch sums over samples and outputs alike, or over neither
    losses = torch.sum(F.mse_loss(input, target, reduction="none"), 1)
    return REDUCE[reduction](losses)


def mean_squared_error(input, target, reduction="mean"):
    return F.mse_loss(input, target, reduction=reduction)


def binary_cross_entropy(input, target, reduction="mean"):
    return F.binary_cross_entropy(input, target, reduction=reduction)


def binary_cross_entropy_with_logits(input, target, reduction="mean"):
    return F.binary_cross_entropy_with_logits(input, target, reduction=reduction)


def softmax_cross_entropy(input, target, reduction="mean"):
    return F.cross_entropy(input, target, reduction=reduction)


def l2_penalty(W, weight=1.0):
    # nothing ships under the name: weight_decay acts on the gradient alone, with the half
    return weight * torch.linalg.vector_norm(W) ** 2


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
CANCELS = "the slope of σ is taken from its output, and 1 − h cancels where h is nearly 1"
EPSILON = "in the second order 10⁻¹² is added to p and to 1 − p"
EAGER = dict(modes=("eager",))  # in which alone the second order is measured
DOUBLE = dict(dtypes=("float64",))
DEPARTURES = (
    Departure("binary_cross_entropy", "second_x", SecondWithEpsilon(1e-12), EPSILON,
              **EAGER, **DOUBLE),
    Departure("binary_cross_entropy_with_logits", "second_x", SECOND_FROM_OUTPUT, CANCELS,
              **EAGER),
)  # fmt: skip
