"""Convolution: a linear layer of every window of an image, its weights shared by all windows.

    x  input (B, H, W, C)   W, b  kernel (kh, kw, C, F) and bias (F,)   z  output (B, H', W', F)
    z[p, q] = Σ_ij x[s p + i, s q + j] W[i, j] + b, x padded with zeros
    g  upstream gradient ∂L/∂z; name_gradient(g, z, x, …) = ∂L/∂x, ∂L/∂W, ∂L/∂b

As in both frameworks the kernel is not flipped: in signal processing this is a cross-correlation.
"""

import keras
import tensorflow as tf

from tf_impl.framework import differentiable
from tf_impl.layers.linear import expect


def conv2d_gradient(g, z, x, kernel, bias, strides, padding):
    (top, _), (left, _) = _pads(x, kernel, strides, padding)
    padded = _padded(x, kernel, strides, padding)
    # g_x[s p + i, s q + j] = Σ_pq g[p, q] W[i, j]ᵀ, by the transposed convolution
    g_padded = tf.nn.conv2d_transpose(g, kernel, tf.shape(padded), pair(strides), "VALID")
    g_x = tf.slice(g_padded, (0, top, left, 0), tf.shape(x))
    # g_W[i, j] = Σ_pq x[s p + i, s q + j]ᵀ g[p, q], the linear layer's xᵀ g at every place
    summed = [0, 1, 2]
    parts = windows(padded, kernel.shape[:2], strides)
    g_W = tf.stack([tf.tensordot(x_ij, g, [summed, summed]) for x_ij in parts])
    g_W = tf.reshape(g_W, kernel.shape)
    # g_b = Σ g over images and places
    g_b = tf.reduce_sum(g, [0, 1, 2])
    return g_x, g_W, g_b


@differentiable(conv2d_gradient, tensors=3)
def conv2d(x, kernel, bias, strides, padding):
    """Convolution of images (B, H, W, C) with a kernel (height, width, in, out).

    `padding` is "valid" for none, or "same" for as much as makes ⌈H/s⌉ rows, the odd one below and
    to the right; or, as in torch, a number of rows and columns on either side, or one for each.

    Raises ValueError for shapes that do not agree and for images smaller than the kernel.

    >>> x, kernel = tf.ones((1, 4, 4, 1)), tf.ones((3, 3, 1, 1))
    >>> conv2d(x, kernel, tf.zeros(1), strides=2, padding="same")[0, :, :, 0].numpy().tolist()
    [[9.0, 6.0], [6.0, 4.0]]
    """
    expect("conv2d", "x", (None, None, None, kernel.shape[2]), x.shape)
    expect("conv2d", "bias", kernel.shape[3:], bias.shape)
    padded = _padded(x, kernel, strides, padding)
    expect_room("conv2d", kernel.shape[:2], padded.shape[1:3])
    # z[p, q] = Σ_ij x[s p + i, s q + j] W[i, j] + b
    return tf.nn.conv2d(padded, kernel, pair(strides), "VALID") + bias


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
    """(height, width): numbers where they are known, else tensors."""
    return sizes(x)[1:3]


def sizes(x):
    """The shape: numbers where they are known, else tensors."""
    return tuple(tf.shape(x)[axis] if n is None else n for axis, n in enumerate(x.shape))


def _padded(x, kernel, strides, padding):
    rows, columns = _pads(x, kernel, strides, padding)
    return tf.pad(x, ((0, 0), rows, columns, (0, 0)))


def _pads(x, kernel, strides, padding):
    """(before, after) of the rows and of the columns."""
    if padding == "same":
        height, width = image_size(x)
        (kh, kw), (sh, sw) = kernel.shape[:2], pair(strides)
        return _same(height, kh, sh), _same(width, kw, sw)
    if padding != "valid" and isinstance(padding, str):
        raise ValueError(f'padding is "valid", "same", a number or a pair, not {padding!r}')
    return tuple((p, p) for p in pair(0 if padding == "valid" else padding, least=0))


def _same(n, k, s):
    # total = max((⌈n/s⌉ − 1) s + k − n, 0)
    total = (-(-n // s) - 1) * s + k - n
    total = max(total, 0) if isinstance(total, int) else tf.maximum(total, 0)
    return total // 2, total - total // 2


def windows(x, size, strides):
    """x_ij for each place of the window, row by row: where all windows have that place."""
    if pair(size) == pair(strides):
        return _apart(x, size)
    return [x[:, rows, columns] for rows, columns in places(x, size, strides)]


def _apart(x, size):
    # windows without overlap: to slice with a stride takes many times as long as to reshape
    (kh, kw), (batch, height, width, channels) = pair(size), sizes(x)
    down, across = height // kh, width // kw
    tiles = x[:, : down * kh, : across * kw]
    tiles = tf.reshape(tiles, (batch, down, kh, across, kw, channels))
    return [tiles[:, :, i, :, j] for i in range(kh) for j in range(kw)]


def places(x, size, strides):
    """(rows, columns) of x_ij for each place of the window, row by row, as slices."""
    (height, width), (kh, kw), (sh, sw) = image_size(x), pair(size), pair(strides)
    return [
        (slice(i, i + height - kh + 1, sh), slice(j, j + width - kw + 1, sw))
        for i in range(kh)
        for j in range(kw)
    ]


@keras.saving.register_keras_serializable("tf_impl")
class Conv2D(keras.layers.Layer):
    """Layer of conv2d, with weights `kernel` (kh, kw, in, filters) and, unless told not, `bias`.

    Weights move to and from keras.layers.Conv2D without activation, and start as its do: Glorot
    uniform, and 0. Its `padding` may also be torch's, which Keras does not take.
    """

    def __init__(self, filters, kernel_size, strides=1, padding="valid", use_bias=True, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size
        self.strides, self.padding, self.use_bias = strides, padding, use_bias

    def build(self, input_shape):
        shape = (*pair(self.kernel_size), input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape=shape, initializer="glorot_uniform", name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(shape=shape[-1:], initializer="zeros", name="bias")

    def call(self, x):
        bias = self.bias if self.use_bias else tf.zeros(self.filters, x.dtype)
        return conv2d(x, self.kernel, bias, self.strides, self.padding)

    def get_config(self):
        names = "filters", "kernel_size", "strides", "padding", "use_bias"
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
