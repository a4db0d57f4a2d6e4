"""A convolutional network: windows of an image, then classes, as a torch module.

    h₀ = x (n, C, H, W),  h_r = pool(Φ(h_{r−1} ∗ W_r + b_r)),  z = flatten(h) W + b

Its layers are called conv_1, activation_1, pool_1, … flatten, linear_1 in both halves, so that
weights move by name. Images lie channels first here and channels last in Keras: behind the
flattening the rows of linear_1 come in another order, which
`shared.weights.layouts.behind_flatten(*model.flattened)` tells `to_torch` and `to_keras`.

Source: Introduction to Deep Learning, Unit 1 (architectures); LeCun, Bottou, Bengio & Haffner 1998,
Gradient-Based Learning Applied to Document Recognition.
"""

import torch
from torch import nn

from torch_impl.layers import Activation, Conv2D, Flatten, Linear, MaxPool2D


class CNN(nn.Module):
    """Logits of shape (n, classes) from images of shape (n, *image), image = (C, H, W).

    `filters` are the channels of each convolution. `padding` is "same", for ⌈H/stride⌉ rows, or
    "valid", and means the same in both halves; torch's own "same" refuses strides. Without a
    `pool_size` nothing is pooled. Weights start as those of Conv2D and Linear do in each half.

    >>> model = CNN((1, 8, 8), filters=(4, 8), classes=10)
    >>> model(torch.zeros((5, 1, 8, 8))).shape, model.flattened
    (torch.Size([5, 10]), (2, 2, 8))
    >>> list(model.state_dict())[-2:]
    ['linear_1.weight', 'linear_1.bias']
    """

    def __init__(
        self, image, filters, classes, kernel_size=3, stride=1, padding="same", pool_size=2,
        activation="relu", dtype=None,
    ):  # fmt: skip
        super().__init__()
        self.image, self.filters, self.classes = tuple(image), tuple(filters), classes
        channels = (self.image[0], *self.filters)
        for r, (C, F) in enumerate(zip(channels, self.filters, strict=False), 1):
            self.add_module(f"conv_{r}", Conv2D(C, F, kernel_size, stride, padding))
            self.add_module(f"activation_{r}", Activation(activation))
            if pool_size:
                self.add_module(f"pool_{r}", MaxPool2D(pool_size))
        with torch.no_grad():
            C, H, W = self(torch.zeros((1, *self.image))).shape[1:]
        # height, width and channels of what is flattened
        self.flattened = H, W, C
        self.add_module("flatten", Flatten())
        self.add_module("linear_1", Linear(H * W * C, classes))
        self.to(dtype or torch.get_default_dtype())

    def forward(self, x):
        h = x
        for step in self.children():
            # h ← h ∗ W + b, Φ(h), pool(h), flatten(h) or h W + b
            h = step(h)
        return h

    def classify(self, x):
        """The class with the largest logit, (n,)."""
        return torch.argmax(self(x), -1)
