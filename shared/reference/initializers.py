"""Initializers in float64: the oracle that both halves are measured against.

Each turns one standard draw, of the weight's own shape, into the weights W. Shapes are in Keras's
layout: (in, out) of a dense layer, (…, in, out) of a convolution with the window (…).

    draw     uniform on [0, 1) where the name says so, else standard normal
    fan_in   how many numbers one unit sums up: in, times the elements of the window
    fan_out  how many units one number reaches: out, times the elements of the window

A vector of n weights has both fans n; a single number has none, and is refused where they count.
They have no gradients: nothing is learned through a draw.

Source: Glorot & Bengio 2010 (glorot), He, Zhang, Ren & Sun 2015 (he), LeCun, Bottou, Orr & Müller
1998 (lecun), Saxe, McClelland & Ganguli 2014 (orthogonal).
"""

import math

import numpy as np


def zeros(draw):
    """0."""
    return np.zeros(np.shape(draw))


def random_normal(draw, mean=0.0, stddev=0.05):
    """mean + stddev · draw."""
    return mean + stddev * draw


def glorot_uniform(draw):
    """Uniform on [−a, a) with a = √(6 / (fan_in + fan_out)): a (2 draw − 1)."""
    return math.sqrt(6 / sum(fans(np.shape(draw)))) * (2 * draw - 1)


def glorot_normal(draw):
    """√(2 / (fan_in + fan_out)) draw."""
    return math.sqrt(2 / sum(fans(np.shape(draw)))) * draw


def he_uniform(draw):
    """Uniform on [−a, a) with a = √(6 / fan_in): a (2 draw − 1)."""
    return math.sqrt(6 / fans(np.shape(draw))[0]) * (2 * draw - 1)


def he_normal(draw):
    """√(2 / fan_in) draw."""
    return math.sqrt(2 / fans(np.shape(draw))[0]) * draw


def lecun_normal(draw):
    """√(1 / fan_in) draw."""
    return math.sqrt(1 / fans(np.shape(draw))[0]) * draw


def orthogonal(draw, gain=1.0):
    """gain · Q, where A = Q R with R's diagonal positive; A is the draw as a matrix (… · in, out).

    Where A is wider than tall, gain · Qᵀ with Aᵀ = Q R. So the columns of W, or else its rows, are
    orthonormal up to the gain.
    """
    if np.ndim(draw) < 2:
        raise ValueError(f"orthogonal needs a shape of 2 or more axes, got {np.shape(draw)}")
    A = np.reshape(draw, (math.prod(np.shape(draw)[:-1]), np.shape(draw)[-1]))
    wide = A.shape[0] < A.shape[1]
    Q, R = np.linalg.qr(A.T if wide else A)
    Q = Q * np.where(np.diag(R) < 0, -1, 1)
    return gain * np.reshape(Q.T if wide else Q, np.shape(draw))


def fans(shape):
    """(fan_in, fan_out) of weights of this shape; at least 1, as for shapes without elements.

    >>> fans((64, 10)), fans((3, 3, 8, 16)), fans((5,))
    ((64, 10), (72, 144), (5, 5))
    """
    if not shape:
        raise ValueError("a single number has no fans: its shape () needs at least 1 axis")
    window = math.prod(shape[:-2])
    fan_in, fan_out = shape[-2:] if len(shape) > 1 else 2 * shape
    return max(1, window * fan_in), max(1, window * fan_out)
