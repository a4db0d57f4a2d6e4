"""The models, trained by what PyTorch ships."""

import numpy as np
import torch
import torch.nn.functional as F

from shared.histories import record
from torch_impl.framework import array, compiled, tensor


def logistic_regression(x, y, W, b, learning_rate, steps, mode="eager"):
    """nn.Linear, F.binary_cross_entropy_with_logits and torch.optim.SGD.

    Returns name -> NumPy array of shape (steps, …) for "loss", "g_W", "g_b", "W" and "b".
    """
    x, y = tensor(x), tensor(y)
    layer = torch.nn.Linear(x.shape[1], 1, dtype=x.dtype)
    layer.load_state_dict({"weight": tensor(W[None]), "bias": tensor(np.reshape(b, 1))})
    optimizer = torch.optim.SGD(layer.parameters(), lr=learning_rate)
    forward = compiled(lambda: F.binary_cross_entropy_with_logits(layer(x), y[:, None]), mode)

    def step():
        optimizer.zero_grad()
        L = forward()
        L.backward()
        optimizer.step()
        return L, *(p.grad for p in layer.parameters()), *layer.parameters()

    return record(step, steps, lambda value: np.squeeze(array(value)))
