"""Logistic regression by batch gradient descent in float64, with the gradient derived by hand.

    ŷ = σ(xW + b)                 x (n, D), W (D,), b scalar
    L = mean(−y log ŷ − (1 − y) log(1 − ŷ)), from the logits z = xW + b
    ∂L/∂W = mean x(ŷ − y), ∂L/∂b = mean(ŷ − y), W ← W − α ∂L/∂W, b ← b − α ∂L/∂b

Source: Introduction to Deep Learning, Unit 1 (insurance by age and affordability).
"""

import numpy as np

from shared.histories import record
from shared.reference.activations import sigmoid, softplus
from shared.reference.losses import binary_cross_entropy_with_logits


def train(x, y, W, b, learning_rate, steps, nudge=lambda values: values):
    """Every step's loss and gradients, and the weights it leads to: name -> (steps, …) array.

    `nudge` stands for rounding: it is applied to the inputs and weights as each step reads them.
    """
    weights = [W, b]

    def step():
        x_read, W, b = nudge(x), *map(nudge, weights)
        z = x_read @ W + b
        error = sigmoid(z) - y
        loss = binary_cross_entropy_with_logits(y, z)
        g_W, g_b = x_read.T @ error / len(y), np.mean(error)
        weights[:] = W - learning_rate * g_W, b - learning_rate * g_b
        return loss, g_W, g_b, *weights

    return record(step, steps)


def magnitudes(x, y, history):
    """The size of the terms that each recorded tensor is summed from: name -> (steps, …) array."""
    W, b = history["W"], history["b"]
    z = W @ x.T + b[:, None]
    error = np.abs(sigmoid(z) - y)
    return {
        "loss": np.mean(softplus(z) + np.abs(y * z), axis=1),
        "g_W": error @ np.abs(x) / len(y),
        "g_b": np.mean(error, axis=1),
        "W": np.abs(W),
        "b": np.abs(b) + np.mean(error, axis=1),
    }
