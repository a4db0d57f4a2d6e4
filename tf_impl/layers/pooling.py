"""Pooling: what is kept of each window of an image, channel by channel; no padding.

    x  input (B, H, W, C)    h  output (B, H', W', C), H' = ⌊(H − k) / s⌋ + 1
    x_ij  where all windows have their place i, j: (B, H', W', C), every s-th of x from i, j on
    g  upstream gradient ∂L/∂h; name_gradient(g, h, x, …) = ∂L/∂x

Rows and columns that no window reaches have no gradient. Images smaller than the window raise
ValueError.
"""

import functools

import keras
import tensorflow as tf

from tf_impl.framework import differentiable
from tf_impl.layers.convolution import expect_room, image_size, pair, places, sizes, windows
from tf_impl.layers.linear import expect


def max_pool2d_gradient(g, h, x, pool_size, strides):
    pieces, left = [], tf.ones_like(h)
    for x_ij in windows(x, pool_size, strides):
        # of tied winners the first: 1 where it is here and was not before, else 0
        winner = left * _none_above(x_ij, h)
        left = left - winner
        # g to the winner, 0 elsewhere
        pieces.append(g * winner)
    return _put_back(pieces, x, pool_size, strides)


@differentiable(max_pool2d_gradient)
def max_pool2d(x, pool_size, strides):
    """The largest of each window, NaN where it holds NaN.

    Of tied winners the first, row by row, takes the whole gradient, as in both frameworks on the
    CPU; and so does the first place of a window with NaN.

    >>> x = tf.reshape(tf.range(16.0), (1, 4, 4, 1))
    >>> max_pool2d(x, pool_size=2, strides=2)[0, :, :, 0].numpy().tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    _expect_images("max_pool2d", x, pool_size)
    # h = max x_ij
    return functools.reduce(tf.maximum, windows(x, pool_size, strides))


def average_pool2d_gradient(g, h, x, pool_size, strides):
    height, width = pair(pool_size)
    # g_x_ij = g / (kh kw), added where windows overlap
    return _put_back([g / (height * width)] * (height * width), x, pool_size, strides)


@differentiable(average_pool2d_gradient)
def average_pool2d(x, pool_size, strides):
    """The mean of each window, over which the gradient is spread evenly.

    >>> x = tf.reshape(tf.range(16.0), (1, 4, 4, 1))
    >>> average_pool2d(x, pool_size=2, strides=2)[0, :, :, 0].numpy().tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    _expect_images("average_pool2d", x, pool_size)
    parts = windows(x, pool_size, strides)
    # h = Σ x_ij / (kh kw)
    return functools.reduce(tf.add, parts) / len(parts)


def _expect_images(function, x, pool_size):
    expect(function, "x", (None, None, None, None), x.shape)
    expect_room(function, pair(pool_size), x.shape[1:3])


def _none_above(x_ij, h):
    # 1 where h is x_ij, or NaN, else 0
    return tf.cast(~(x_ij < h), h.dtype)


def _put_back(pieces, x, pool_size, strides):
    """The transpose of windows: pieces added up where in x they came from."""
    if pair(pool_size) == pair(strides):
        return _side_by_side(pieces, x, pool_size)
    shape = tf.shape(x)
    return tf.add_n([
        tf.raw_ops.StridedSliceGrad(
            begin=(0, rows.start, columns.start, 0),
            end=(shape[0], rows.stop, columns.stop, shape[3]),
            strides=(1, rows.step, columns.step, 1), shape=shape, dy=piece,
        )
        for (rows, columns), piece in zip(places(x, pool_size, strides), pieces, strict=True)
    ])  # fmt: skip


def _side_by_side(pieces, x, pool_size):
    # windows without overlap, where nothing is added: each place has but one piece
    (kh, kw), (batch, down, across, channels) = pair(pool_size), sizes(pieces[0])
    tiles = tf.reshape(tf.stack(pieces), (kh, kw, batch, down, across, channels))
    # (kh, kw, B, H', W', C) to (B, H' kh, W' kw, C)
    tiles = tf.transpose(tiles, (2, 3, 0, 4, 1, 5))
    total = tf.reshape(tiles, (batch, down * kh, across * kw, channels))
    below, right = (n - m for n, m in zip(image_size(x), (down * kh, across * kw), strict=True))
    return tf.pad(total, ((0, 0), (0, below), (0, right), (0, 0)))


class _Pooling(keras.layers.Layer):
    """What both layers share: the size of the windows, which is the stride too unless given."""

    def __init__(self, pool_size=2, strides=None, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = pool_size
        self.strides = pool_size if strides is None else strides

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size, "strides": self.strides}


@keras.saving.register_keras_serializable("tf_impl")
class MaxPool2D(_Pooling):
    """Layer of max_pool2d; windows follow each other without a gap or overlap unless told."""

    def call(self, x):
        return max_pool2d(x, self.pool_size, self.strides)


@keras.saving.register_keras_serializable("tf_impl")
class AveragePool2D(_Pooling):
    """Layer of average_pool2d; windows follow each other as in MaxPool2D."""

    def call(self, x):
        return average_pool2d(x, self.pool_size, self.strides)
