"""Dropout in float64.

Source: Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, Dropout; inverted, so that
nothing is left to do at inference.
"""

import numpy as np


def dropout(x, keep, rate):
    """x / (1 − rate) where the mask keeps it, else 0, whatever x is there."""
    return np.where(keep, x / (1 - rate), 0.0)


def dropout_gradient(g, x, keep, rate):
    """g / (1 − rate) where the mask keeps x, else 0."""
    return np.where(keep, g / (1 - rate), 0.0)
