"""The linear layer and flattening in float64.

    x  input (…, D)    kernel W (D, U), bias b (U,)    g  upstream gradient, of the output's shape

Source: Introduction to Deep Learning, Unit 1 (the decoupled view of linear and activation layers).
"""

import math

import numpy as np


def linear(x, kernel, bias):
    """xW + b along the last axis: (…, D) to (…, U)."""
    return np.einsum("...d,du->...u", x, kernel) + bias


def linear_gradient(g, x, kernel, bias):
    """(g Wᵀ, xᵀ g, Σ g), both sums over all leading axes."""
    g_x = np.einsum("...u,du->...d", g, kernel)
    g_kernel = np.einsum("nd,nu->du", _rows(x), _rows(g))
    return g_x, g_kernel, np.sum(_rows(g), axis=0)


def flatten(x):
    """All axes but the first into one, the last of them running fastest; (B,) to (B, 1)."""
    return np.reshape(x, (len(x), math.prod(np.shape(x)[1:])))


def flatten_gradient(g, x):
    """g in the shape of x."""
    return np.reshape(g, np.shape(x))


def _rows(values):
    return np.reshape(values, (math.prod(np.shape(values)[:-1]), np.shape(values)[-1]))
