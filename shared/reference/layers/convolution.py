"""Convolution in float64: a linear layer of every window, written as a sum over its places.

    x  input (B, H, W, C)    kernel (kh, kw, C, F), bias (F,)    h  output (B, H', W', F)
    h[b, p, q] = Σ_ij x[b, s p + i, s q + j] kernel[i, j] + bias, x padded with zeros

As in both frameworks the kernel is not flipped: in signal processing this is a cross-correlation.
"""

import numpy as np


def conv2d(x, kernel, bias, strides, padding):
    """Convolution of images. `padding` is "valid", "same" (Keras's) or a number for each side."""
    padded, window = _windows(x, kernel, strides, padding)
    return bias + sum(
        np.einsum("bpqc,cf->bpqf", padded[window(i, j)], kernel[i, j])
        for i, j in np.ndindex(kernel.shape[:2])
    )


def conv2d_gradient(g, x, kernel, bias, strides, padding):
    """(g_x, g_kernel, g_bias): at each place of the window that of a linear layer, put back."""
    padded, window = _windows(x, kernel, strides, padding)
    g_padded, g_kernel = np.zeros_like(padded), np.zeros_like(kernel)
    for i, j in np.ndindex(kernel.shape[:2]):
        g_padded[window(i, j)] += np.einsum("bpqf,cf->bpqc", g, kernel[i, j])
        g_kernel[i, j] = np.einsum("bpqc,bpqf->cf", padded[window(i, j)], g)
    (top, _), (left, _) = _pads(x, kernel, strides, padding)
    g_x = g_padded[:, top : top + x.shape[1], left : left + x.shape[2]]
    return g_x, g_kernel, np.sum(g, axis=(0, 1, 2))


def _windows(x, kernel, strides, padding):
    """x with its padding, and a function of a place in the window: where all windows have it."""
    down, right = pair(strides)
    padded = np.pad(x, ((0, 0), *_pads(x, kernel, strides, padding), (0, 0)))
    height, width = (n - k + 1 for n, k in zip(padded.shape[1:3], kernel.shape[:2], strict=True))
    return padded, lambda i, j: np.s_[:, i : i + height : down, j : j + width : right]


def _pads(x, kernel, strides, padding):
    """(before, after) for height and width; what is left over of "same" comes after."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        return tuple((p, p) for p in pair(padding))
    pads = []
    for n, k, s in zip(x.shape[1:3], kernel.shape[:2], pair(strides), strict=True):
        total = max((-(-n // s) - 1) * s + k - n, 0)
        pads.append((total // 2, total - total // 2))
    return tuple(pads)


def pair(value):
    """(value, value) for a number, the two themselves for a pair.

    >>> pair(2), pair((1, 3))
    ((2, 2), (1, 3))
    """
    return (value, value) if isinstance(value, int) else tuple(value)
