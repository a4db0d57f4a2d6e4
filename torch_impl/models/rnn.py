"""Recurrent networks: a sequence read step by step, then a linear layer, as torch modules.

    x (n, T, D)  a series of numbers, or (n, T)  ids of characters, read one-hot, D of them
    h_t = f(x_t, h_{t−1}),  z = h_T W + b,  or z_t = h_t W + b at every step

The id 0 is padding: behind the end of a shorter sequence nothing is read, and the state stays. So
h_T is the state behind the last step that is read. The layers are called recurrent_1 and linear_1
in both halves, so that weights move by name.

A state may be handed in and comes out (`read`), which `fit_windows` carries from window to window
of a long sequence: truncated backpropagation through time.

Source: Introduction to Deep Learning, Unit 1 (architectures); Elman 1990, Finding Structure in
Time; Williams & Peng 1990, An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent
Network Trajectories (truncation).
"""

import torch
from torch import nn

from shared.batches import check_count
from torch_impl import layers
from torch_impl.framework import array
from torch_impl.losses import softmax_cross_entropy


class _Sequence(nn.Module):
    """What the networks share: outputs of shape (n, outputs), or (n, T, outputs) at every step.

    `features` are the numbers of a step, or how many ids there are, from the 0 of padding on.
    Weights start as those of the recurrent layer and of Linear do in each half. Where torch adds
    two biases and Keras has one, the second is 0 and frozen: their sum would move twice as fast.
    """

    layer = None

    def __init__(self, features, units, outputs, every_step=False, dtype=None):
        super().__init__()
        self.features, self.units, self.outputs = features, units, outputs
        self.every_step = every_step
        self.recurrent_1 = self.layer(features, units)
        if self.layer is not layers.GRU:
            nn.init.zeros_(self.recurrent_1.bias_hh_l0).requires_grad_(False)
        self.linear_1 = layers.Linear(units, outputs)
        self.to(dtype or torch.get_default_dtype())

    def forward(self, x):
        output, _ = self.read(x)
        return output

    def read(self, x, hx=None):
        """(output, state): from a state, or from 0, and the state behind the last step read.

        A state is what the recurrent layer gives and takes.
        """
        mask = None
        if x.ndim == 2:
            mask = x != 0
            # x_t = 1 at its id, else 0
            x = nn.functional.one_hot(x.long(), self.features).to(self.linear_1.weight.dtype)
        h, state = self.recurrent_1(x, hx, mask)
        # z = h W + b
        return self.linear_1(h if self.every_step else h[:, -1]), state

    def extra_repr(self):
        names = ("features", "units", "outputs", "every_step")
        return ", ".join(f"{name}={getattr(self, name)}" for name in names)


class RNN(_Sequence):
    """Network of a SimpleRNN: h ← tanh(xW + hR + b).

    >>> RNN(features=1, units=4, outputs=1)(torch.zeros((5, 6, 1))).shape
    torch.Size([5, 1])
    """

    layer = layers.SimpleRNN


class LSTM(_Sequence):
    """Network of an LSTM: c ← σ(z_f) c + σ(z_i) tanh(z_n), h ← σ(z_o) tanh(c).

    >>> model = LSTM(features=30, units=4, outputs=30, every_step=True)
    >>> model(torch.tensor([[3, 1, 2], [7, 0, 0]])).shape
    torch.Size([2, 3, 30])
    """

    layer = layers.LSTM


class GRU(_Sequence):
    """Network of a GRU: h ← u h + (1 − u) n.

    >>> list(GRU(1, 4, 1).state_dict())[-2:]
    ['linear_1.weight', 'linear_1.bias']
    """

    layer = layers.GRU


def masked_cross_entropy(input, target):
    """Mean softmax cross-entropy over the real steps: those whose label is not 0, padding.

    Labels are ids (n, T), logits (n, T, C). Every real step weighs alike, in a short sequence and
    in a long one; where there is none, the mean is NaN.

    >>> y, z = torch.tensor([[1, 0]]), torch.tensor([[[0.0, 0.0], [5.0, 7.0]]])
    >>> print(masked_cross_entropy(z, y))  # log 2: the second step does not count
    tensor(0.6931)
    """
    losses = softmax_cross_entropy(input.movedim(-1, 1), target, reduction="none")
    real = (target != 0).to(losses.dtype)
    # L = Σ losses of real steps / how many there are
    return torch.sum(real * losses) / torch.sum(real)


def window_loss(model, x, y, hx, loss):
    """(L, state) of one window: the state it starts from is a constant, as if it were data.

    So no gradient goes back to windows before: ∂h_t/∂h_s counts where s and t share a window.
    """
    if hx is not None:
        hx = tuple(h.detach() for h in hx) if isinstance(hx, tuple) else hx.detach()
    output, state = model.read(x, hx)
    return loss(output, y), state


def fit_windows(model, x, y, *, loss, optimizer, length, on_window=None):
    """Train by truncated backpropagation through time, one update for each window of x and y.

    x (n, T, …) and y (n, T, …) are tensors of the model's dtype, read once from the first step to
    the last, all n sequences side by side; the model gives an output at every step. A window is
    `length` steps, the last one what is left. The state goes on from window to window, its gradient
    does not: memory and time of an update do not grow with T, and what lies further back than the
    window is used but not learned from.

    `on_window(L, gradients)` is called after each update, with NumPy values, gradients by name.
    Returns the state behind the last step. Raises ValueError for a length below 1.
    """
    check_count("length", length)
    state, trained = None, {n: p for n, p in model.named_parameters() if p.requires_grad}
    for start in range(0, x.shape[1], length):
        now = slice(start, start + length)
        optimizer.zero_grad()
        L, state = window_loss(model, x[:, now], y[:, now], state, loss)
        L.backward()
        # W ← W − …
        optimizer.step()
        if on_window:
            on_window(array(L), {name: array(p.grad).copy() for name, p in trained.items()})
    return state
