"""The activations that PyTorch ships."""

import numpy as np
import torch
import torch.nn.functional as F

from shared.bounds import Absolute, Departure, Where, taken_by_nan


def softmax(x, dim=-1):
    # without a dim, torch guesses one from the rank: 0 for 1 and 3, else 1
    return F.softmax(x, dim=dim)


def log_softmax(x, dim=-1):
    return F.log_softmax(x, dim=dim)


def softplus(x):
    # the default threshold of 20 would drop log(1 + e^−20) = 2e−9 from there on
    return F.softplus(x, threshold=40)


def maxout(x, pieces):
    # nothing ships under the name; this is the usual way to write it
    # torch.amax would share the gradient among tied winners
    return torch.max(x.reshape(*x.shape[:-1], -1, pieces), dim=-1).values


FUNCTIONS = {
    "identity": torch.nn.Identity(),
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "prelu": F.prelu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard_tanh": F.hardtanh,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "maxout": maxout,
    "softplus": softplus,
    "elu": F.elu,
    "gelu": F.gelu,
    "silu": F.silu,
}

CANCELS = "its gradient is computed from h, and 1 − h cancels where h is nearly 1"
EXPM1 = "torch.compile turns expm1 into e^x − 1, which cancels at 0"
TAIL = "1 + erf cancels in the left tail"
INDUCTOR = dict(modes=("compiled",))
AVX512 = dict(dtypes=("float32",), modes=("eager", "graph"), kernels="AVX512")

DEPARTURES = (
    Departure("relu", "g_x", Where(lambda g, x: np.isnan(x)), "NaN passes g on"),
    Departure("sigmoid", "g_x", Absolute(), CANCELS),
    Departure("tanh", "g_x", Absolute(), CANCELS),
    Departure("hard_tanh", "g_x", Where(lambda g, x: np.isnan(x)), "NaN passes g on", **INDUCTOR),
    Departure("maxout", "g_x", Where(taken_by_nan),
              "of a run with NaN, the NaN takes the gradient"),
    Departure("elu", "h", Absolute(), EXPM1, **INDUCTOR),
    Departure("elu", "g_x", Where(lambda g, x, **_: np.isnan(x)), "NaN passes g on",
              **INDUCTOR),
    Departure("gelu", "h", Absolute(), TAIL),
    Departure("gelu", "h", Where(lambda x: x == np.inf), "its kernel gives NaN at ∞", **AVX512),
    Departure("gelu", "g_x", Absolute(), TAIL),
)  # fmt: skip
