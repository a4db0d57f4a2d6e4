"""An autoencoder: what compresses its input to a code, and reconstructs it, as a torch module.

    h = σ(x W + b), the code      o = σ(h W′ + b′), the reconstruction of x (n, D)

Its layers are called encoder and decoder in both halves, so that weights move by name. It is
trained on examples that are their own labels. What it learns besides is a matter of its loss:

    plain        mean (o − y)²                                    y = x
    denoising    the same, of an input x = y + noise: shared.noise.corrupted
    sparse       + weight · Σ KL(ρ ‖ mean h), a loss at the hidden nodes
    contractive  + weight · mean ‖∂h/∂x‖², another; its gradient is one of a gradient

Source: Introduction to Deep Learning, Unit 1 (autoencoders; loss functions at hidden nodes).
"""

from typing import NamedTuple

import torch
from torch import nn

from torch_impl.activations import sigmoid
from torch_impl.layers import Linear
from torch_impl.losses import contractive_penalty, mean_squared_error, sparsity_penalty


class Coded(NamedTuple):
    """What an autoencoder makes of examples."""

    code: torch.Tensor  # h, (n, units)
    reconstruction: torch.Tensor  # o, (n, features)


class Autoencoder(nn.Module):
    """The code (n, units) and reconstruction (n, features) of examples (n, features) from 0 to 1.

    Weights start as those of Linear do in each half: to start alike, load the same into both.

    >>> model = Autoencoder(64, units=16)
    >>> h, o = model(torch.zeros((5, 64)))
    >>> h.shape, o.shape
    (torch.Size([5, 16]), torch.Size([5, 64]))
    >>> list(model.state_dict())
    ['encoder.weight', 'encoder.bias', 'decoder.weight', 'decoder.bias']
    """

    def __init__(self, features, units, dtype=None):
        super().__init__()
        self.features = features
        self.units = units
        self.encoder = Linear(features, units)
        self.decoder = Linear(units, features)
        self.to(dtype or torch.get_default_dtype())

    def forward(self, x):
        h = self.encode(x)
        return Coded(h, self.decode(h))

    def encode(self, x):
        """The code of examples, each unit of it between 0 and 1."""
        # h = σ(x W + b)
        return sigmoid(self.encoder(x))

    def decode(self, h):
        """The examples that codes stand for."""
        # o = σ(h W′ + b′)
        return sigmoid(self.decoder(h))


def reconstruction_loss(input, target):
    """mean (o − y)² of what an Autoencoder gives, for `fit`: plain and, of a noisy x, denoising.

    >>> input = Coded(torch.tensor([[0.5]]), torch.tensor([[1.0, 3.0]]))
    >>> reconstruction_loss(input, torch.tensor([[1.0, 1.0]])).item()
    2.0
    """
    return mean_squared_error(input.reconstruction, target)


def sparse_loss(mean_activation, weight):
    """The loss of a sparse autoencoder, each unit of whose code is to have this mean over a batch.

    >>> input = Coded(torch.tensor([[0.25], [0.25]]), torch.tensor([[1.0], [3.0]]))
    >>> sparse_loss(mean_activation=0.25, weight=1.0)(input, torch.ones((2, 1))).item()
    2.0
    """

    def loss(input, target):
        # L = mean (o − y)² + weight · Σ KL(ρ ‖ mean h)
        penalty = sparsity_penalty(input.code, mean_activation, weight)
        return reconstruction_loss(input, target) + penalty

    return loss


def contractive_loss(model, weight):
    """The loss of a contractive autoencoder, whose code is to change little as x does.

    It reads the model's encoder: its gradient runs through h and, besides, through W itself.

    >>> model = Autoencoder(1, units=1)
    >>> nn.init.constant_(model.encoder.weight, 4.0).item()
    4.0
    >>> input = Coded(torch.tensor([[0.5]]), torch.tensor([[1.0]]))
    >>> contractive_loss(model, weight=0.5)(input, torch.ones((1, 1))).item()
    0.5
    """

    def loss(input, target):
        # L = mean (o − y)² + weight · mean ‖∂h/∂x‖²
        penalty = contractive_penalty(input.code, model.encoder.weight.T)
        return reconstruction_loss(input, target) + weight * penalty

    return loss
