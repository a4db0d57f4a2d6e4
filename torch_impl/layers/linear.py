"""The decoupled view of a network: linear layers, activation layers, and flattening before them.

    x  input (…, D)     Wᵀ, b  weight (U, D) and bias (U,)    z = xW + b  output (…, U)
    g  upstream gradient ∂L/∂z; name_gradient(g, z, x, …) = ∂L/∂x, ∂L/∂W, ∂L/∂b

Source: Introduction to Deep Learning, Unit 1.
"""

import inspect
import math

import torch
from torch import nn

from torch_impl import activations
from torch_impl.framework import differentiable, sum_to


def expect(function, what, expected, found):
    """Raise ValueError, naming both, unless a shape is as expected; None stands for any size."""
    pairs = zip(expected, found, strict=False)
    fits = all(size is None or other is None or size == other for size, other in pairs)
    if len(expected) != len(found) or not fits:
        raise ValueError(f"{function} needs {what} of shape {tuple(expected)}, got {tuple(found)}")


def linear_gradient(g, z, x, weight, bias):
    leading = list(range(x.ndim - 1))
    # g_x = g Wᵀ
    g_x = g @ weight
    # g_W = xᵀ g, summed over all leading axes
    g_W = torch.tensordot(g, x, dims=(leading, leading))
    # g_b = Σ g over all leading axes
    g_b = sum_to(g, bias.shape)
    return g_x, g_W, g_b


@differentiable(linear_gradient, tensors=3)
def linear(x, weight, bias):
    """xW + b along the last dim, (…, D) to (…, U); weight Wᵀ of shape (U, D), bias (U,).

    Raises ValueError where the shapes do not agree.

    >>> x, weight = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]])
    >>> linear(x, weight, torch.tensor([0.5])).tolist()
    [[11.5]]
    """
    expect("linear", "x", (*x.shape[:-1], weight.shape[1]), x.shape)
    expect("linear", "bias", weight.shape[:1], bias.shape)
    # z = xW + b
    return x @ weight.T + bias


class Linear(nn.Module):
    """Module of linear: xW + b with weights `weight` (out, in) and, unless told not, `bias`.

    Weights move to and from torch.nn.Linear, and start as its do: both uniform within
    ±1/√in_features, drawn in the same order.
    """

    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(out_features)) if bias else None
        self.reset_parameters()

    def reset_parameters(self):
        draw_uniform(self.weight, self.bias)

    def forward(self, x):
        bias = self.weight.new_zeros(self.out_features) if self.bias is None else self.bias
        return linear(*autocast(x, self.weight, bias))

    def extra_repr(self):
        sizes = f"in_features={self.in_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"


def draw_uniform(weight, bias):
    """Fill weights with what torch's linear and convolution layers start from."""
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        limit = 1 / math.sqrt(max(1, weight[0].numel()))
        nn.init.uniform_(bias, -limit, limit)


def autocast(x, *weights):
    """The tensors in the dtype that torch.autocast asks for where it is on, as torch's layers do.

    Keras needs no such thing: there the layer's dtype policy has already cast them.
    """
    device = weights[0].device.type
    if not torch.is_autocast_enabled(device):
        return x, *weights
    dtype = torch.get_autocast_dtype(device)
    return [t if t.dtype == torch.float64 else t.to(dtype) for t in (x, *weights)]


class Activation(nn.Module):
    """Module of any function of activations.py that takes x alone: its name, or the function.

    One that has options is given them by its own layer: LeakyReLU(0.2). Raises ValueError for what
    is not there, with the names of what is.
    """

    def __init__(self, activation):
        super().__init__()
        self.activation = _named(activation)

    def forward(self, x):
        return getattr(activations, self.activation)(x)

    def extra_repr(self):
        return f"activation={self.activation}"


def _named(activation):
    """The name of a function of activations.py, from its name or itself."""
    known = {name: f for name, f in vars(activations).items() if _takes_x_alone(f)}
    for name, function in known.items():
        if activation == name or activation is function:
            return name
    raise ValueError(f"activations.py has no {activation!r} of x alone, only {', '.join(known)}")


def _takes_x_alone(function):
    if not hasattr(function, "__wrapped__"):
        return False
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty] == ["x"]


def flatten_gradient(g, h, x):
    # g_x = g in the shape of x
    return torch.reshape(g, x.shape)


@differentiable(flatten_gradient)
def flatten(x):
    """All axes but the first into one, the last running fastest; (B,) to (B, 1).

    Of one image, channels first here and last in Keras, the features come out in another order in
    each: a linear layer behind it must have its columns moved along.

    >>> flatten(torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    expect("flatten", "x", (None, *x.shape[1:]), x.shape)
    batch, inner = x.shape[0], x.shape[1:]
    features = math.prod(inner)
    # h = x in the shape (B, D)
    return torch.reshape(x, (batch, features))


class Flatten(nn.Module):
    """Module of flatten: all axes but the first into one."""

    def forward(self, x):
        return flatten(x)
