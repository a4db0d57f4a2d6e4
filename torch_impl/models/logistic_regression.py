"""Logistic regression, ŷ = σ(xW + b): a torch module, and its training by batch gradient descent.

    x (n, D)  features     y (n,)  labels 0 or 1     W (D,), b ()  weights
    L = mean(−y log ŷ − (1 − y) log(1 − ŷ))

Source: Introduction to Deep Learning, Unit 1 (insurance by age and affordability).
"""

import torch
from torch import nn

from shared.histories import record
from torch_impl.activations import sigmoid
from torch_impl.framework import array, compiled
from torch_impl.losses import binary_cross_entropy_with_logits


class LogisticRegression(nn.Module):
    """Probability of the label 1, shape (n,), from features of shape (n, features)."""

    def __init__(self, features, dtype=None):
        super().__init__()
        self.features = features
        self.W = nn.Parameter(torch.zeros(features, dtype=dtype))
        self.b = nn.Parameter(torch.zeros((), dtype=dtype))

    def logits(self, x):
        # z = xW + b
        return x @ self.W + self.b

    def forward(self, x):
        # ŷ = σ(z)
        return sigmoid(self.logits(x))

    def classify(self, x):
        """1 where the probability is at least 0.5, else 0."""
        return (self(x) >= 0.5).to(torch.int32)

    def extra_repr(self):
        return f"features={self.features}"


def gradients_by_hand(x, y, z):
    """(∂L/∂W, ∂L/∂b) as derived on paper, without autograd."""
    # e = ŷ − y
    e = sigmoid(z) - y
    # ∂L/∂W = mean x(ŷ − y), ∂L/∂b = mean(ŷ − y)
    return torch.mean(x * e[:, None], 0), torch.mean(e)


def training_step(model, x, y, learning_rate, mode="eager", by_hand=False):
    """A function of nothing that takes one step: (L, ∂L/∂W, ∂L/∂b, W, b), the weights new."""

    def derivation():
        z = model.logits(x)
        return binary_cross_entropy_with_logits(z, y), *gradients_by_hand(x, y, z)

    by_derivation = torch.no_grad()(compiled(derivation, mode))
    # what is compiled is the forward pass; its backward pass is compiled along with it
    forward = compiled(lambda: binary_cross_entropy_with_logits(model.logits(x), y), mode)

    def by_autograd():
        L = forward()
        return L, *torch.autograd.grad(L, [model.W, model.b])

    def step():
        L, g_W, g_b = by_derivation() if by_hand else by_autograd()
        # W ← W − α ∂L/∂W, b ← b − α ∂L/∂b
        with torch.no_grad():
            model.W -= learning_rate * g_W
            model.b -= learning_rate * g_b
        return L, g_W, g_b, model.W, model.b

    return step


def gradient_descent(model, x, y, learning_rate, steps, mode="eager", by_hand=False):
    """Train in place on all rows at once; every step's loss and gradients, and the weights after.

    Returns name -> NumPy array of shape (steps, …) for "loss", "g_W", "g_b", "W" and "b".
    """
    step = training_step(model, x, y, learning_rate, mode, by_hand)
    return record(step, steps, array)
