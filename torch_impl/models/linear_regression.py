"""Linear regression, ŷ = xW + b: a torch module.

    x (n, D)  features     y (n,)  numbers to predict     W (D,), b ()  weights

Source: Introduction to Deep Learning, Unit 1 (a line through five points; home prices).
"""

import torch
from torch import nn


class LinearRegression(nn.Module):
    """Prediction of shape (n,) from features of shape (n, features); the weights start at 0."""

    def __init__(self, features, dtype=None):
        super().__init__()
        self.features = features
        self.W = nn.Parameter(torch.zeros(features, dtype=dtype))
        self.b = nn.Parameter(torch.zeros((), dtype=dtype))

    def forward(self, x):
        # ŷ = xW + b
        return x @ self.W + self.b

    def extra_repr(self):
        return f"features={self.features}"
