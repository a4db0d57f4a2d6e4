"""The models, trained by what PyTorch ships."""

from collections import OrderedDict

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from shared.histories import record
from torch_impl.framework import array, compiled, tensor

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "identity": nn.Identity}


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


def cnn(
    image, filters, classes, kernel_size=3, stride=1, padding="same", pool_size=2,
    activation="relu", dtype=None,
):  # fmt: skip
    """nn.Conv2d, ReLU and the like, MaxPool2d, Flatten and Linear, named as CNN's layers."""
    steps, (channels, *sides) = OrderedDict(), image
    for r, units in enumerate(filters, 1):
        # nn.Conv2d refuses "same" where the stride is not 1, and pads alike on both sides
        pads = [_same(n, kernel_size, stride) if padding == "same" else (0, 0) for n in sides]
        steps[f"pad_{r}"] = nn.ZeroPad2d((*pads[1], *pads[0]))
        steps[f"conv_{r}"] = nn.Conv2d(channels, units, kernel_size, stride, dtype=dtype)
        steps[f"activation_{r}"] = ACTIVATIONS[activation]()
        sides = [(n + sum(p) - kernel_size) // stride + 1 for n, p in zip(sides, pads, strict=True)]
        if pool_size:
            steps[f"pool_{r}"] = nn.MaxPool2d(pool_size)
            sides = [n // pool_size for n in sides]
        channels = units
    steps["flatten"] = nn.Flatten()
    steps["linear_1"] = nn.Linear(sides[0] * sides[1] * channels, classes, dtype=dtype)
    return nn.Sequential(steps)


def mlp(features, units, activation="relu", last=None, dtype=None):
    """nn.Linear, ReLU and the like, named as MLP's layers; one behind them if asked for."""
    steps, D = OrderedDict(), features
    for r, width in enumerate(units, 1):
        steps[f"linear_{r}"] = nn.Linear(D, width, dtype=dtype)
        between = activation if r < len(units) else last
        if between:
            steps[f"activation_{r}"] = ACTIVATIONS[between]()
        D = width
    return nn.Sequential(steps)


def feedforward(
    features, units, activation="relu", p=0.5, batch_norm=True, momentum=0.9, eps=1e-3, dtype=None
):
    """nn.Linear, BatchNorm1d, ReLU and the like, named as FeedForward's layers.

    nn.Dropout takes no mask: here stands what it computes of one. BatchNorm1d keeps the unbiased
    variance and cannot be told otherwise.
    """

    class Model(nn.Sequential):
        def forward(self, x):
            h, start = x[:, :features], features
            for name, step in self.named_children():
                h = step(h)
                if name.startswith("activation") and self.training:
                    keep, start = x[:, start : start + h.shape[1]], start + h.shape[1]
                    h = h * keep / (1 - p)
            return h

    steps, D = OrderedDict(), features
    for r, U in enumerate(units[:-1], 1):
        steps[f"linear_{r}"] = nn.Linear(D, U, bias=not batch_norm, dtype=dtype)
        if batch_norm:
            steps[f"batch_norm_{r}"] = nn.BatchNorm1d(U, eps, 1 - momentum, dtype=dtype)
        steps[f"activation_{r}"] = ACTIVATIONS[activation]()
        D = U
    steps[f"linear_{len(units)}"] = nn.Linear(D, units[-1], dtype=dtype)
    return Model(steps)


def rnn(features, units, outputs, every_step=False, dtype=None):
    """nn.RNN and Linear, named as RNN's layers."""
    return _sequence(nn.RNN, features, units, outputs, every_step, dtype)


def lstm(features, units, outputs, every_step=False, dtype=None):
    """nn.LSTM and Linear, named as LSTM's layers."""
    return _sequence(nn.LSTM, features, units, outputs, every_step, dtype)


def gru(features, units, outputs, every_step=False, dtype=None):
    """nn.GRU and Linear, named as GRU's layers."""
    return _sequence(nn.GRU, features, units, outputs, every_step, dtype)


def _sequence(layer, features, units, outputs, every_step, dtype):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent_1 = layer(features, units, batch_first=True, dtype=dtype)
            self.linear_1 = nn.Linear(units, outputs, dtype=dtype)
            if layer is not nn.GRU:  # Keras has one bias, where two would move twice as fast
                self.recurrent_1.bias_hh_l0.requires_grad_(False)

        def forward(self, x):
            if x.ndim == 3:
                h, _ = self.recurrent_1(x)
                last = h[:, -1]
            else:
                # instead of a mask, torch packs sequences by their lengths
                lengths = torch.sum(x != 0, 1)
                x = F.one_hot(x, features).to(self.linear_1.weight.dtype)
                packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
                h, _ = self.recurrent_1(packed)
                h, _ = pad_packed_sequence(h, batch_first=True, total_length=x.shape[1])
                last = h[torch.arange(len(h)), lengths - 1]
            return self.linear_1(h if every_step else last)

    return Model()


def masked_cross_entropy(input, target):
    """F.cross_entropy that leaves out the label 0."""
    return F.cross_entropy(input.movedim(-1, 1), target, ignore_index=0)


class Autoencoder(nn.Module):
    """nn.Linear twice, giving what it reads, its code and its reconstruction."""

    def __init__(self, features, units, dtype=None):
        super().__init__()
        self.encoder = nn.Linear(features, units, dtype=dtype)
        self.decoder = nn.Linear(units, features, dtype=dtype)

    def forward(self, x):
        h = torch.sigmoid(self.encoder(x))
        return x, h, torch.sigmoid(self.decoder(h))


def reconstruction_loss(input, target):
    """F.mse_loss of what this Autoencoder gives."""
    _, _, o = input
    return F.mse_loss(o, target)


def sparse_loss(mean_activation, weight):
    """The same and F.kl_div, of each unit's (ρ, 1 − ρ) from (m, 1 − m)."""

    def loss(input, target):
        _, h, _ = input
        m = torch.mean(h, 0)
        both = torch.stack([m, 1 - m], -1)
        wanted = both.new_tensor([mean_activation, 1 - mean_activation]).expand_as(both)
        divergence = F.kl_div(torch.log(both), wanted, reduction="sum")
        return reconstruction_loss(input, target) + weight * divergence

    return loss


def contractive_loss(model, weight):
    """The same and ‖∂h/∂x‖² from torch's own Jacobian, which it differentiates once more."""

    def loss(input, target):
        x, _, _ = input
        jacobian = torch.func.vmap(torch.func.jacrev(lambda x: torch.sigmoid(model.encoder(x))))
        penalty = torch.mean(torch.sum(torch.square(jacobian(x)), [1, 2]))
        return reconstruction_loss(input, target) + weight * penalty

    return loss


def _same(n, kernel_size, stride):
    """How many zeros Keras's "same" puts before and behind n places: the odd one behind."""
    total = max((-(-n // stride) - 1) * stride + kernel_size - n, 0)
    return total // 2, total - total // 2
