"""Normalization: values standardized over the batch or over each sample, then scaled and moved.

    x  input, a batch's channels at dim 1    γ, β  weight and bias, learned
    μ = mean x, v = mean (x − μ)², x̂ = (x − μ) / √(v + ε), h = γ x̂ + β  output
    g  upstream gradient ∂L/∂h; name_gradient(g, h, x, …) = ∂L/∂x, ∂L/∂γ, ∂L/∂β

Shapes that do not agree raise ValueError.

Source: Ioffe & Szegedy 2015, Batch Normalization; Ba, Kiros & Hinton 2016, Layer Normalization.
"""

import torch
from torch import nn

from torch_impl.framework import differentiable, sum_to
from torch_impl.layers.linear import expect


def _standardized(x, dim, eps):
    """(x̂, 1/√(v + ε)), means taken over these dims."""
    # d = x − μ
    d = x - torch.mean(x, dim, keepdim=True)
    # v = mean d²
    v = torch.mean(d * d, dim, keepdim=True)
    # r = 1 / √(v + ε)
    r = 1 / torch.sqrt(v + eps)
    return d * r, r


def _standardized_gradient(g, x_hat, r, dim):
    """∂/∂x Σ g ⊙ x̂: the upstream gradient, less what passes through μ, less what through v."""
    mean_g = torch.mean(g, dim, keepdim=True)
    mean_gx = torch.mean(g * x_hat, dim, keepdim=True)
    # g_x = r (g − mean g − x̂ mean(g ⊙ x̂))
    return r * (g - mean_g - x_hat * mean_gx)


def batch_norm_gradient(g, h, x, weight, bias, eps):
    dim = _all_but_channels(x)
    x_hat, r = _standardized(x, dim, eps)
    g_x = _standardized_gradient(_along_channels(weight, x) * g, x_hat, r, dim)
    # g_γ = Σ g ⊙ x̂, g_β = Σ g
    return g_x, torch.sum(g * x_hat, dim), torch.sum(g, dim)


@differentiable(batch_norm_gradient, tensors=3)
def batch_norm(x, weight, bias, eps):
    """γ x̂ + β, each channel (dim 1) standardized by its mean and variance over all the rest.

    >>> x, one = torch.tensor([[1.0], [3.0]]), torch.tensor([1.0])
    >>> batch_norm(x, one, one, eps=0.0).tolist()
    [[0.0], [2.0]]
    """
    _expect_channels("batch_norm", x, weight, bias)
    x_hat, _ = _standardized(x, _all_but_channels(x), eps)
    # h = γ x̂ + β
    return _along_channels(weight, x) * x_hat + _along_channels(bias, x)


def batch_norm_inference_gradient(g, h, x, weight, bias, mean, variance, eps):
    dim = _all_but_channels(x)
    r = _along_channels(1 / torch.sqrt(variance + eps), x)
    x_hat = (x - _along_channels(mean, x)) * r
    # g_x = γ r g, g_γ = Σ g ⊙ x̂, g_β = Σ g
    return _along_channels(weight, x) * r * g, torch.sum(g * x_hat, dim), torch.sum(g, dim)


@differentiable(batch_norm_inference_gradient, tensors=3)
def batch_norm_inference(x, weight, bias, mean, variance, eps):
    """γ (x − mean) / √(variance + ε) + β, by statistics kept from training, which are constants."""
    _expect_channels("batch_norm_inference", x, weight, bias, mean, variance)
    x_hat = (x - _along_channels(mean, x)) / _along_channels(torch.sqrt(variance + eps), x)
    # h = γ x̂ + β
    return _along_channels(weight, x) * x_hat + _along_channels(bias, x)


def running_statistics(x, mean, variance, share, unbiased):
    """(mean, variance), each moved by `share` of the way to the batch's; an empty batch moves none.

    The batch's variance is v, or v n / (n − 1) if unbiased, n values to a channel; 0 where n is 1.
    """
    _expect_channels("running_statistics", x, mean, variance)
    dim = _all_but_channels(x)
    n = x.numel() // x.shape[1]
    mu = torch.sum(x, dim) / n if n else mean
    v = torch.sum((x - _along_channels(mu, x)) ** 2, dim) / max(n - 1 if unbiased else n, 1)
    # m ← (1 − s) m + s μ, and likewise for v
    new_mean, new_variance = ((1 - share) * m + share * b for m, b in ((mean, mu), (variance, v)))
    return (new_mean, new_variance) if n else (mean, variance)


def _all_but_channels(x):
    return [0, *range(2, x.ndim)]


def _along_channels(values, x):
    # torch keeps channels at dim 1, so these need axes after them to broadcast along
    return torch.reshape(values, (-1, *(1 for _ in x.shape[2:])))


def _expect_channels(function, x, *parameters):
    for values in parameters:
        expect(function, "a parameter for each channel,", x.shape[1:2], values.shape)


def _no_longer_half(*tensors):
    # squares of half precision overflow
    return [t.float() if t.dtype in (torch.float16, torch.bfloat16) else t for t in tensors]


class BatchNorm(nn.Module):
    """Module of batch_norm in training, and by its running statistics of batch_norm_inference.

    Its weights, `weight`, `bias`, `running_mean`, `running_var`, move to and from
    torch.nn.BatchNorm1d and 2d. Momentum weighs the new statistic and the variance kept is
    unbiased; momentum_of="old" and unbiased=False do as Keras does. Unlike torch's, it takes a
    batch with one value to a channel, and an empty one.
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1, momentum_of="new", unbiased=True):
        super().__init__()
        self.momentum, self.momentum_of = momentum, momentum_of
        self.eps, self.unbiased = eps, unbiased
        shares = {"old": 1 - momentum, "new": momentum}
        if momentum_of not in shares:
            raise ValueError(f'BatchNorm has momentum_of "old" or "new", not {momentum_of!r}')
        self.share = shares[momentum_of]
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        wide, weight, bias, mean, variance = _no_longer_half(
            x, self.weight, self.bias, self.running_mean, self.running_var
        )
        if self.training:
            h = batch_norm(wide, weight, bias, self.eps)
            with torch.no_grad():
                mean, variance = running_statistics(wide, mean, variance, self.share, self.unbiased)
                self.running_mean.copy_(mean)
                self.running_var.copy_(variance)
                self.num_batches_tracked += 1
        else:
            h = batch_norm_inference(wide, weight, bias, mean, variance, self.eps)
        return h.to(x.dtype)

    def extra_repr(self):
        names = "eps", "momentum", "momentum_of", "unbiased"
        options = ", ".join(f"{name}={getattr(self, name)}" for name in names)
        return f"{len(self.weight)}, {options}"


def layer_norm_gradient(g, h, x, weight, bias, eps):
    dim = tuple(range(-weight.ndim, 0))
    x_hat, r = _standardized(x, dim, eps)
    g_x = _standardized_gradient(weight * g, x_hat, r, dim)
    # g_γ = Σ g ⊙ x̂, g_β = Σ g
    return g_x, sum_to(g * x_hat, weight.shape), sum_to(g, bias.shape)


@differentiable(layer_norm_gradient, tensors=3)
def layer_norm(x, weight, bias, eps):
    """γ x̂ + β, each sample standardized by itself over the last dims, as many as γ has.

    >>> x, one = torch.tensor([[1.0, 3.0]]), torch.tensor([1.0, 1.0])
    >>> layer_norm(x, one, one, eps=0.0).tolist()
    [[0.0, 2.0]]
    """
    expect("layer_norm", "x", (*x.shape[: -weight.ndim], *weight.shape), x.shape)
    expect("layer_norm", "bias", weight.shape, bias.shape)
    x_hat, _ = _standardized(x, tuple(range(-weight.ndim, 0)), eps)
    # h = γ x̂ + β
    return weight * x_hat + bias


class LayerNorm(nn.Module):
    """Module of layer_norm over the last dims, those of `normalized_shape`.

    Its weights, `weight` and `bias`, move to and from torch.nn.LayerNorm.
    """

    def __init__(self, normalized_shape, eps=1e-5):
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape, self.eps = tuple(shape), eps
        self.weight = nn.Parameter(torch.ones(self.normalized_shape))
        self.bias = nn.Parameter(torch.zeros(self.normalized_shape))

    def forward(self, x):
        wide, weight, bias = _no_longer_half(x, self.weight, self.bias)
        return layer_norm(wide, weight, bias, self.eps).to(x.dtype)

    def extra_repr(self):
        return f"{self.normalized_shape}, eps={self.eps}"
