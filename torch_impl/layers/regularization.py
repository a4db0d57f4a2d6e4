"""Dropout: each activation is dropped with probability p, or kept and made 1/(1 − p) as large.

    x  input, any shape    m  mask, true where x is kept    h = x ⊙ m / (1 − p)  output

Inverted, so that nothing is left to do at inference. The mask is an argument: both halves can be
handed the same one.

Source: Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout.
"""

import torch
from torch import nn

from torch_impl.framework import differentiable
from torch_impl.layers.linear import expect


def dropout_gradient(g, h, x, keep, p):
    # g_x = g ⊙ m / (1 − p)
    return torch.where(keep, g / (1 - p), torch.zeros_like(g))


@differentiable(dropout_gradient)
def dropout(x, keep, p):
    """x / (1 − p) where the boolean mask keeps it, else 0, even where x is infinite or NaN.

    Raises TypeError unless the mask is boolean, and ValueError unless it has the shape of x.

    >>> dropout(torch.tensor([1.0, 2.0]), torch.tensor([True, False]), p=0.5).tolist()
    [2.0, 0.0]
    """
    if keep.dtype != torch.bool:
        raise TypeError(f"dropout needs a boolean mask, got {keep.dtype}: pass keep != 0")
    expect("dropout", "keep", x.shape, keep.shape)
    # h = x ⊙ m / (1 − p)
    return torch.where(keep, x / (1 - p), torch.zeros_like(x))


class Dropout(nn.Module):
    """Module of dropout in training, its mask drawn unless given; at inference x itself.

    After torch.manual_seed it draws, eagerly on the CPU, the masks that torch.nn.Dropout does.
    """

    def __init__(self, p):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout needs a p from 0 to 1, got {p}")
        self.p = p

    def forward(self, x, keep=None):
        if not self.training:
            return x
        if keep is None:
            keep = torch.empty_like(x).bernoulli_(1 - self.p) > 0
        return dropout(x, keep, self.p)

    def extra_repr(self):
        return f"p={self.p}"
