"""Convolution: a linear layer of every window of an image, its weights shared by all windows.

    x  input (B, C, H, W)   W, b  weight (F, C, kh, kw) and bias (F,)   z  output (B, F, H', W')
    z[p, q] = Σ_ij x[s p + i, s q + j] W[i, j] + b, x padded with zeros
    g  upstream gradient ∂L/∂z; name_gradient(g, z, x, …) = ∂L/∂x, ∂L/∂W, ∂L/∂b

As in both frameworks the kernel is not flipped: in signal processing this is a cross-correlation.
"""

import torch
from torch import nn
from torch.nn import functional as F

from torch_impl.framework import differentiable
from torch_impl.layers.linear import autocast, draw_uniform, expect


def conv2d_gradient(g, z, x, weight, bias, stride, padding):
    (top, _), (left, _) = _pads(x, weight, stride, padding)
    padded = _padded(x, weight, stride, padding)
    # g_x[s p + i, s q + j] = Σ_pq g[p, q] W[i, j]ᵀ, by the transposed convolution
    unseen = _unseen(padded, weight, stride)
    g_padded = F.conv_transpose2d(g, weight, stride=pair(stride), output_padding=unseen)
    height, width = image_size(x)
    g_x = g_padded.narrow(2, top, height).narrow(3, left, width)
    # g_W[i, j] = Σ_pq x[s p + i, s q + j]ᵀ g[p, q], the linear layer's xᵀ g at every place
    columns = _channels_first(g)
    parts = windows(padded, weight.shape[2:], stride)
    g_W = torch.stack([columns @ _channels_first(x_ij).T for x_ij in parts], dim=-1)
    g_W = torch.reshape(g_W, weight.shape)
    # g_b = Σ g over images and places
    g_b = torch.sum(g, [0, 2, 3])
    return g_x, g_W, g_b


@differentiable(conv2d_gradient, tensors=3)
def conv2d(x, weight, bias, stride, padding):
    """Convolution of images (B, C, H, W) with a weight (out, in, height, width).

    `padding` is a number of rows and columns on either side, or one for each; or, as in Keras,
    "valid" for none, or "same" for as much as makes ⌈H/s⌉ rows, the odd one below and to the right:
    torch refuses "same" where the stride is not 1.

    Raises ValueError for shapes that do not agree and for images smaller than the kernel.

    >>> x, weight = torch.ones((1, 1, 4, 4)), torch.ones((1, 1, 3, 3))
    >>> conv2d(x, weight, torch.zeros(1), stride=2, padding="same")[0, 0].tolist()
    [[9.0, 6.0], [6.0, 4.0]]
    """
    expect("conv2d", "x", (None, weight.shape[1], None, None), x.shape)
    expect("conv2d", "bias", weight.shape[:1], bias.shape)
    padded = _padded(x, weight, stride, padding)
    expect_room("conv2d", weight.shape[2:], padded.shape[2:])
    # z[p, q] = Σ_ij x[s p + i, s q + j] W[i, j] + b
    return F.conv2d(padded, weight, bias, pair(stride))


def pair(value, least=1):
    """(value, value) for a number, the two themselves for a pair; ValueError for anything else."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2 or min(both) < least:
        raise ValueError(f"needs a number or a pair of them, at least {least}, got {value}")
    return both


def expect_room(function, window, image):
    """Raise ValueError where a window does not fit into an image of known size."""
    if any(n is not None and n < k for n, k in zip(image, window, strict=True)):
        raise ValueError(f"{function} needs images of at least {tuple(window)}, got {tuple(image)}")


def image_size(x):
    """(height, width)."""
    return tuple(x.shape[2:])


def _padded(x, weight, stride, padding):
    rows, columns = _pads(x, weight, stride, padding)
    return F.pad(x, (*columns, *rows))


def _pads(x, weight, stride, padding):
    """(before, after) of the rows and of the columns."""
    if padding == "same":
        height, width = image_size(x)
        (kh, kw), (sh, sw) = weight.shape[2:], pair(stride)
        return _same(height, kh, sh), _same(width, kw, sw)
    if padding != "valid" and isinstance(padding, str):
        raise ValueError(f'padding is "valid", "same", a number or a pair, not {padding!r}')
    return tuple((p, p) for p in pair(0 if padding == "valid" else padding, least=0))


def _same(n, k, s):
    # total = max((⌈n/s⌉ − 1) s + k − n, 0)
    total = max((-(-n // s) - 1) * s + k - n, 0)
    return total // 2, total - total // 2


def _unseen(padded, weight, stride):
    # how many last rows and columns no window reaches, which the output alone cannot tell
    sizes = zip(padded.shape[2:], weight.shape[2:], pair(stride), strict=True)
    return [(n - k) % s for n, k, s in sizes]


def windows(x, size, stride):
    """x_ij for each place of the window, row by row: where all windows have that place."""
    return [x[..., rows, columns] for rows, columns in places(x, size, stride)]


def places(x, size, stride):
    """(rows, columns) of x_ij for each place of the window, row by row, as slices."""
    (height, width), (kh, kw), (sh, sw) = image_size(x), pair(size), pair(stride)
    return [
        (slice(i, i + height - kh + 1, sh), slice(j, j + width - kw + 1, sw))
        for i in range(kh)
        for j in range(kw)
    ]


def _channels_first(images):
    # (B, C, H, W) to (C, B H W)
    return torch.reshape(torch.transpose(images, 0, 1), (images.shape[1], -1))


class Conv2D(nn.Module):
    """Module of conv2d, with weights `weight` (out, in, kh, kw) and, unless told not, `bias`.

    Weights move to and from torch.nn.Conv2d, and start as its do: both uniform within
    ±1/√(in · kh · kw), drawn in the same order. Its `padding` may also be Keras's.
    """

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True):
        super().__init__()
        self.kernel_size, self.stride, self.padding = pair(kernel_size), stride, padding
        shape = (out_channels, in_channels, *self.kernel_size)
        self.weight = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self):
        draw_uniform(self.weight, self.bias)

    def forward(self, x):
        bias = self.weight.new_zeros(len(self.weight)) if self.bias is None else self.bias
        return conv2d(*autocast(x, self.weight, bias), self.stride, self.padding)

    def extra_repr(self):
        channels = f"{self.weight.shape[1]}, {self.weight.shape[0]}"
        options = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding!r}"
        return f"{channels}, {options}, bias={self.bias is not None}"
