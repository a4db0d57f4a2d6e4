"""A multilayer perceptron: linear layers with an activation between each two, as a torch module.

    h₀ = x (n, D),  h_r = Φ(h_{r−1} W_r + b_r),  and the last layer gives its z as it is

Its layers are called linear_1, activation_1, linear_2 … in both halves, so that weights move by
name: `shared.weights.to_keras({"linear_1": "Linear", …}, arrays)`.

Source: Introduction to Deep Learning, Unit 1 (multilayer networks; choice of activation).
"""

import torch
from torch import nn

from torch_impl.layers import Activation, Linear


class MLP(nn.Module):
    """Logits or predictions of shape (n, units[-1]) from features of shape (n, features).

    `units` are the widths of all linear layers, the last one's included; `activation` is the name
    of one of activations.py, or the function. Weights start as those of Linear do in each half: to
    start alike, load the same into both.

    >>> model = MLP(64, (32, 10), activation="tanh")
    >>> list(model.state_dict())
    ['linear_1.weight', 'linear_1.bias', 'linear_2.weight', 'linear_2.bias']
    """

    def __init__(self, features, units, activation="relu", dtype=None):
        super().__init__()
        self.features = features
        self.units = tuple(units)
        for r, (D, U) in enumerate(zip((features, *self.units), self.units, strict=False), 1):
            if r > 1:
                self.add_module(f"activation_{r - 1}", Activation(activation))
            self.add_module(f"linear_{r}", Linear(D, U))
        self.to(dtype or torch.get_default_dtype())

    def forward(self, x):
        h = x
        for step in self.children():
            # h ← h W + b, or h ← Φ(h)
            h = step(h)
        return h

    def classify(self, x):
        """The class with the largest logit, (n,)."""
        return torch.argmax(self(x), -1)
