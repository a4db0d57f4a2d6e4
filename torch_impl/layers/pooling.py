"""Pooling: what is kept of each window of an image, channel by channel; no padding.

    x  input (B, C, H, W)    h  output (B, C, H', W'), H' = ⌊(H − k) / s⌋ + 1
    x_ij  where all windows have their place i, j: (B, C, H', W'), every s-th of x from i, j on
    g  upstream gradient ∂L/∂h; name_gradient(g, h, x, …) = ∂L/∂x

Rows and columns that no window reaches have no gradient. Images smaller than the window raise
ValueError.
"""

import functools

import torch
from torch import nn

from torch_impl.framework import differentiable
from torch_impl.layers.convolution import expect_room, image_size, pair, places, windows
from torch_impl.layers.linear import expect


def max_pool2d_gradient(g, h, x, kernel_size, stride):
    pieces, left = [], torch.ones_like(h)
    for x_ij in windows(x, kernel_size, stride):
        # of tied winners the first: 1 where it is here and was not before, else 0
        winner = left * _none_above(x_ij, h)
        left = left - winner
        # g to the winner, 0 elsewhere
        pieces.append(g * winner)
    return _put_back(pieces, x, kernel_size, stride)


@differentiable(max_pool2d_gradient)
def max_pool2d(x, kernel_size, stride):
    """The largest of each window, NaN where it holds NaN.

    Of tied winners the first, row by row, takes the whole gradient, as in both frameworks on the
    CPU; and so does the first place of a window with NaN.

    >>> x = torch.reshape(torch.arange(16.0), (1, 1, 4, 4))
    >>> max_pool2d(x, kernel_size=2, stride=2)[0, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    _expect_images("max_pool2d", x, kernel_size)
    # h = max x_ij
    return functools.reduce(torch.maximum, windows(x, kernel_size, stride))


def average_pool2d_gradient(g, h, x, kernel_size, stride):
    height, width = pair(kernel_size)
    # g_x_ij = g / (kh kw), added where windows overlap
    return _put_back([g / (height * width)] * (height * width), x, kernel_size, stride)


@differentiable(average_pool2d_gradient)
def average_pool2d(x, kernel_size, stride):
    """The mean of each window, over which the gradient is spread evenly.

    >>> x = torch.reshape(torch.arange(16.0), (1, 1, 4, 4))
    >>> average_pool2d(x, kernel_size=2, stride=2)[0, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    _expect_images("average_pool2d", x, kernel_size)
    parts = windows(x, kernel_size, stride)
    # h = Σ x_ij / (kh kw)
    return functools.reduce(torch.add, parts) / len(parts)


def _expect_images(function, x, kernel_size):
    expect(function, "x", (None, None, None, None), x.shape)
    expect_room(function, pair(kernel_size), x.shape[2:])


def _none_above(x_ij, h):
    # 1 where h is x_ij, or NaN, else 0: a comparison and a cast take several times as long
    return 1 - torch.sign(h - x_ij)


def _put_back(pieces, x, kernel_size, stride):
    """The transpose of windows: pieces added up where in x they came from."""
    if pair(kernel_size) == pair(stride):
        return _side_by_side(pieces, x, kernel_size)
    total = pieces[0].new_zeros(x.shape)
    for (rows, columns), piece in zip(places(x, kernel_size, stride), pieces, strict=True):
        total[..., rows, columns] += piece
    return total


def _side_by_side(pieces, x, kernel_size):
    # windows without overlap, where nothing is added: each place has but one piece
    (kh, kw), (batch, channels, down, across) = pair(kernel_size), pieces[0].shape
    tiles = torch.reshape(torch.stack(pieces), (kh, kw, batch, channels, down, across))
    # (kh, kw, B, C, H', W') to (B, C, H' kh, W' kw)
    tiles = torch.permute(tiles, (2, 3, 4, 0, 5, 1))
    total = torch.reshape(tiles, (batch, channels, down * kh, across * kw))
    below, right = (n - m for n, m in zip(image_size(x), (down * kh, across * kw), strict=True))
    return nn.functional.pad(total, (0, right, 0, below))


class _Pooling(nn.Module):
    """What both modules share: the size of the windows, which is the stride too unless given."""

    def __init__(self, kernel_size, stride=None):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


class MaxPool2D(_Pooling):
    """Module of max_pool2d; windows follow each other without a gap or overlap unless told."""

    def forward(self, x):
        return max_pool2d(x, self.kernel_size, self.stride)


class AveragePool2D(_Pooling):
    """Module of average_pool2d; windows follow each other as in MaxPool2D."""

    def forward(self, x):
        return average_pool2d(x, self.kernel_size, self.stride)
