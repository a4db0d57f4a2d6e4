"""A feedforward network with batch normalisation and dropout, as a torch module.

    h₀ = x (n, D),  h_r = Φ(BN(h_{r−1} W_r)) ⊙ m_r / (1 − p),  z = h W + b
    m_r (n, U_r)  mask of a hidden layer, true where a unit is kept

The mean of a batch takes any bias away again, so that the linear layers before BN have none. Masks
are drawn anew for each batch. Two networks that are to drop alike are handed the same masks: they
stand behind the features of x (n, D + U₁ + U₂ + …), 1 for what is kept, and so come with each batch
whatever reads it.

Its layers are called linear_1, batch_norm_1, activation_1, dropout_1, linear_2, … in both halves,
so that weights and running statistics move by name.

Source: Introduction to Deep Learning, Unit 1 (multilayer networks); Ioffe & Szegedy 2015, Batch
Normalization; Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout.
"""

from itertools import repeat

import torch
from torch import nn

from torch_impl.layers import Activation, BatchNorm, Dropout, Linear
from torch_impl.layers.linear import expect


class FeedForward(nn.Module):
    """Logits or predictions of shape (n, units[-1]) from features of shape (n, features).

    `units` are the widths of all linear layers, the last one's included; p is the probability with
    which a hidden unit is dropped in training. Without `batch_norm` linear layers have biases.
    Running statistics are the same in both halves: `momentum` weighs the old, the variance is
    biased. Raises ValueError where x has masks for some of the hidden units only.

    >>> model = FeedForward(64, (32, 10))
    >>> list(model.state_dict())[:3]
    ['linear_1.weight', 'batch_norm_1.weight', 'batch_norm_1.bias']
    >>> x, keep = torch.ones((5, 64)), torch.zeros((5, 32))
    >>> model(torch.cat([x, keep], dim=1)).equal(model.linear_2.bias.repeat(5, 1))
    True
    """

    def __init__(
        self, features, units, activation="relu", p=0.5, batch_norm=True, momentum=0.9, eps=1e-3,
        dtype=None,
    ):  # fmt: skip
        super().__init__()
        self.features, self.units = features, tuple(units)
        *self.hidden, outputs = self.units
        D = features
        for r, U in enumerate(self.hidden, 1):
            self.add_module(f"linear_{r}", Linear(D, U, bias=not batch_norm))
            if batch_norm:
                self.add_module(f"batch_norm_{r}", BatchNorm(U, eps, momentum, "old", False))
            self.add_module(f"activation_{r}", Activation(activation))
            self.add_module(f"dropout_{r}", Dropout(p))
            D = U
        self.add_module(f"linear_{len(self.units)}", Linear(D, outputs))
        self.to(dtype or torch.get_default_dtype())

    def forward(self, x):
        h, masks = x[:, : self.features], self._masks(x)
        for step in self.children():
            # h ← h W + b, BN(h), Φ(h) or h ⊙ m / (1 − p)
            h = step(h, keep=next(masks)) if isinstance(step, Dropout) else step(h)
        return h

    def _masks(self, x):
        """The mask of each hidden layer, or None for each that is to draw its own."""
        if x.shape[1] == self.features:
            return repeat(None)
        columns = self.features + sum(self.hidden)
        expect("FeedForward", "x, with a mask for each hidden unit,", (None, columns), x.shape)
        return iter(torch.split(x[:, self.features :] > 0, self.hidden, dim=1))

    def classify(self, x):
        """The class with the largest logit, (n,)."""
        return torch.argmax(self(x), -1)
