"""Pooling of images (B, H, W, C) in float64, window by window; no padding, so edges may be left.

h  (B, H', W', C), H' = ⌊(H − k) / s⌋ + 1
"""

import numpy as np

from shared.reference.layers.convolution import pair


def max_pool2d(x, pool_size, strides):
    """The largest value of each window, channel by channel; NaN where a window holds one."""
    h = np.zeros(_shape(x, pool_size, strides))
    for out, window in _windows(x, pool_size, strides):
        h[out] = np.max(x[window], axis=(1, 2))
    return h


def max_pool2d_gradient(g, x, pool_size, strides):
    """g to the first winner of each window, row by row, added where windows overlap."""
    g_x = np.zeros_like(x)
    for out, window in _windows(x, pool_size, strides):
        values = x[window].reshape(len(x), -1, x.shape[-1])
        winner = np.argmax(values == np.max(values, axis=1, keepdims=True), axis=1)
        places = np.arange(values.shape[1])[None, :, None]
        won = g[out][:, None] * (places == winner[:, None])
        g_x[window] += won.reshape(x[window].shape)
    return g_x


def average_pool2d(x, pool_size, strides):
    """The mean of each window, channel by channel."""
    h = np.zeros(_shape(x, pool_size, strides))
    for out, window in _windows(x, pool_size, strides):
        h[out] = np.mean(x[window], axis=(1, 2))
    return h


def average_pool2d_gradient(g, x, pool_size, strides):
    """g spread evenly over each window, added where windows overlap."""
    g_x = np.zeros_like(x)
    for out, window in _windows(x, pool_size, strides):
        g_x[window] += g[out][:, None, None] / np.prod(pair(pool_size))
    return g_x


def _shape(x, pool_size, strides):
    sizes = zip(x.shape[1:3], pair(pool_size), pair(strides), strict=True)
    return (len(x), *((n - k) // s + 1 for n, k, s in sizes), x.shape[-1])


def _windows(x, pool_size, strides):
    """Where each window's result lies in the output, and where the window lies in the input."""
    (height, width), (down, right) = pair(pool_size), pair(strides)
    for p, q in np.ndindex(_shape(x, pool_size, strides)[1:3]):
        top, left = p * down, q * right
        yield np.s_[:, p, q], np.s_[:, top : top + height, left : left + width]
