"""What PyTorch ships for each concept, set to the catalogue's formula.

Where a built-in cannot be set so, it stands as it is and DEPARTURES says how it departs. Functions
take the catalogue's options by this framework's names.
"""

import numpy as np
import torch
import torch.nn.functional as F

from shared.bounds import Absolute, Departure, Where, taken_by_nan
from shared.histories import record
from torch_impl.framework import array, compiled, tensor


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


ACTIVATIONS = {
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
    Departure("gelu", "g_x", Absolute(), TAIL),
)  # fmt: skip


def logistic_regression(x, y, W, b, learning_rate, steps, mode="eager"):
    """nn.Linear, F.binary_cross_entropy_with_logits and torch.optim.SGD.

    Returns name -> NumPy array of shape (steps, …) for "loss", "g_W", "g_b", "W" and "b".
    """
    x, y = tensor(x), tensor(y)
    layer = torch.nn.Linear(x.shape[1], 1, dtype=x.dtype)
    layer.load_state_dict({"weight": tensor(W[None]), "bias": tensor(np.reshape(b, 1))})
    optimizer = torch.optim.SGD(layer.parameters(), lr=learning_rate)
    forward = compiled(lambda: F.binary_cross_entropy_with_logits(layer(x), y[:, None]), mode)

    def step():
        optimizer.zero_grad()
        L = forward()
        L.backward()
        optimizer.step()
        return L, *(p.grad for p in layer.parameters()), *layer.parameters()

    return record(step, steps, lambda value: np.squeeze(array(value)))
