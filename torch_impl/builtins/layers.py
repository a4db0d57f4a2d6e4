"""The layers that PyTorch ships, as functions of their weights."""

import torch
import torch.nn.functional as F

from shared.bounds import Departure
from shared.catalogue.layers import EXPANDED
from shared.catalogue.recurrent import RECURRENT
from shared.recurrent_bounds import FromOutputs


def linear(x, weight, bias):
    return F.linear(x, weight, bias)


def flatten(x):
    return torch.flatten(x, start_dim=1)


def batch_norm(x, weight, bias, eps):
    return F.batch_norm(x, None, None, weight, bias, training=True, eps=eps)


def batch_norm_inference(x, weight, bias, mean, variance, eps):
    return F.batch_norm(x, mean, variance, weight, bias, eps=eps)


def layer_norm(x, weight, bias, eps):
    return F.layer_norm(x, weight.shape, weight, bias, eps)


def conv2d(x, weight, bias, stride, padding):
    if padding == "same":
        # torch takes the word only where the stride is 1: the odd row and column go behind
        sizes = zip(x.shape[2:], weight.shape[2:], strict=True)
        totals = [max((-(-n // stride) - 1) * stride + k - n, 0) for n, k in sizes]
        rows, columns = ((total // 2, total - total // 2) for total in totals)
        x, padding = F.pad(x, (*columns, *rows)), "valid"
    return F.conv2d(x, weight, bias, stride, padding)


def max_pool2d(x, kernel_size, stride):
    return F.max_pool2d(x, kernel_size, stride)


def average_pool2d(x, kernel_size, stride):
    return F.avg_pool2d(x, kernel_size, stride)


def embedding(ids, weight):
    return F.embedding(ids, weight)


def simple_rnn(x, weight, recurrent_weight, bias, h0, mask):
    weights = weight, recurrent_weight, bias
    return _over_time(_step(torch.nn.RNNCell, weights), x, [h0], mask)


def lstm(x, weight, recurrent_weight, bias, h0, c0, mask):
    weights = weight, recurrent_weight, bias
    return _over_time(_step(torch.nn.LSTMCell, weights), x, [h0, c0], mask)


def gru(x, weight, recurrent_weight, bias, h0, mask):
    weights = weight, recurrent_weight, bias
    return _over_time(_step(torch.nn.GRUCell, weights), x, [h0], mask)


def _step(cell, weights):
    """What the cell makes of an input and of its states, by weights handed in."""
    weight, recurrent_weight, bias = weights
    cell = cell(weight.shape[1], recurrent_weight.shape[1], device="meta")  # has no weights yet
    # where the two biases of a cell are added, the second is 0
    biases = bias if bias.ndim == 2 else (bias, torch.zeros_like(bias))
    names = (name for name, _ in cell.named_parameters())
    given = dict(zip(names, (weight, recurrent_weight, *biases), strict=True))

    def step(x, states):
        new = torch.func.functional_call(cell, given, (x, states if len(states) > 1 else states[0]))
        return new if isinstance(new, tuple) else (new,)

    return step


def _over_time(step, x, states, mask):
    """The states after every step, side by side.

    Cells are stepped here one by one, since nn.LSTM gives h alone for every step, and takes
    sequences of several lengths but none with gaps.
    """
    after = []
    for now, seen in zip(x.unbind(1), mask.unbind(1), strict=True):
        new = zip(step(now, states), states, strict=True)
        states = [torch.where(seen[:, None], h, before) for h, before in new]
        after.append(torch.cat(states, dim=-1))
    return torch.stack(after, dim=1)


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
UNCOMPILED = dict(modes=("eager", "graph"))  # torch.compile takes x − m first
SLOPES = "slopes of gates are taken from their outputs, and 1 − h cancels where h is nearly 1"
# the gradients in which it shows
SEEN = {"simple_rnn": ("g_x",), "lstm": ("g_x", "g_kernel"), "gru": ("g_x", "g_kernel", "g_h0")}

DEPARTURES = (
    Departure(
        "batch_norm_inference", "h", EXPANDED, "it is x (γ r) + (β − m γ r), which cancels",
        **UNCOMPILED,
    ),
    *(
        Departure(row.name, tensor, FromOutputs(row, tensor), SLOPES, modes=row.modes)
        for row in RECURRENT
        for tensor in SEEN[row.name]
    ),
)  # fmt: skip
