"""Activations: each a function with its gradient derived by hand, and a torch module of it.

    x  input, any shape         h = Φ(x)  output, of x's shape unless said otherwise
    g  upstream gradient ∂L/∂h  name_gradient(g, h, x, …) = ∂L/∂x

A gradient is written so that neither large |x| nor small |x| costs it digits: where the textbook's
1 − h would cancel, the side of the curve is taken on which it does not. Tensors are floating-point
(an integer tensor is a TypeError). NaN in gives NaN out. Formulas are those of Introduction to Deep
Learning, Unit 1; papers are named where a function came later.
"""

import math

import torch
from torch import nn

from torch_impl.framework import differentiable, is_positive, sum_to

# where a primitive forbids the catalogue's 4 ULP
DEPARTURES = ()


def identity_gradient(g, h, x):
    # g_x = g
    return g


@differentiable(identity_gradient)
def identity(x):
    """x: the linear activation.

    >>> identity(torch.tensor([-1.0, 2.0])).tolist()
    [-1.0, 2.0]
    """
    # h = x
    return x.clone()


class Identity(nn.Module):
    """Module of identity: x."""

    def forward(self, x):
        return identity(x)


def relu_gradient(g, h, x):
    # g_x = g ⊙ I(x > 0)
    return g * is_positive(x)


@differentiable(relu_gradient)
def relu(x):
    """max(0, x). The derivative at the kink x = 0 is 0, as in both frameworks.

    >>> relu(torch.tensor([-1.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 2.0]
    """
    # h = max(0, x)
    return torch.clamp(x, min=0)


class ReLU(nn.Module):
    """Module of relu: max(0, x)."""

    def forward(self, x):
        return relu(x)


def leaky_relu_gradient(g, h, x, negative_slope):
    positive = is_positive(x)
    # g_x = g ⊙ (1 where x > 0, else the slope)
    return g * (positive + negative_slope * (1 - positive))


@differentiable(leaky_relu_gradient)
def leaky_relu(x, negative_slope=0.01):
    """max(0, x) + negative_slope · min(0, x); max(0.01x, x) for the default. The slope at x = 0.

    The default is the notes' and torch's 0.01; tf.nn.leaky_relu has 0.2, keras.layers.LeakyReLU
    0.3.

    >>> leaky_relu(torch.tensor([-2.0, 3.0]), negative_slope=0.5).tolist()
    [-1.0, 3.0]
    """
    # h = max(0, x) + slope · min(0, x)
    return torch.clamp(x, min=0) + negative_slope * torch.clamp(x, max=0)


class LeakyReLU(nn.Module):
    """Module of leaky_relu: max(0, x) + negative_slope · min(0, x)."""

    def __init__(self, negative_slope=0.01):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x):
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self):
        return f"negative_slope={self.negative_slope}"


def prelu_gradient(g, h, x, slope):
    a = _along_channels(slope, x)
    positive = is_positive(x)
    # g_x = g ⊙ (1 where x > 0, else a)
    g_x = g * (positive + a * (1 - positive))
    # g_a = Σ g ⊙ min(0, x) over the shared axes
    return g_x, torch.reshape(sum_to(g * torch.clamp(x, max=0), a.shape), slope.shape)


@differentiable(prelu_gradient, tensors=2)
def prelu(x, slope):
    """max(0, x) + a min(0, x), the slope a learned: one for each channel (dim 1) or one shared.

    He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers.

    >>> prelu(torch.tensor([[-2.0, -2.0]]), torch.tensor([0.25, 0.5])).tolist()
    [[-0.5, -1.0]]
    """
    # h = max(0, x) + a min(0, x)
    return torch.clamp(x, min=0) + _along_channels(slope, x) * torch.clamp(x, max=0)


class PReLU(nn.Module):
    """Module of prelu, its slopes `weight` learned: one for each channel (dim 1) or one shared.

    Named and shaped as in torch.nn.PReLU, so that state dicts move between the two.
    """

    def __init__(self, channels=1, initial_slope=0.25):
        super().__init__()
        self.channels = channels
        self.initial_slope = initial_slope
        self.weight = nn.Parameter(torch.full((channels,), initial_slope))

    def forward(self, x):
        return prelu(x, self.weight)

    def extra_repr(self):
        return f"channels={self.channels}, initial_slope={self.initial_slope}"


def _along_channels(slope, x):
    # torch keeps channels at dim 1, so the slopes need axes after them to broadcast along
    return slope.reshape(-1, *(1 for _ in x.shape[2:])) if x.ndim > 1 else slope.reshape(())


def sigmoid_gradient(g, h, x):
    # σ' is even: h = σ(−|x|) ≤ 1/2, where 1 − h does not cancel
    e = torch.exp(-torch.abs(x))
    h = e / (1 + e)
    # g_x = g ⊙ h ⊙ (1 − h)
    return g * h * (1 - h)


@differentiable(sigmoid_gradient)
def sigmoid(x):
    """1 / (1 + e^−x). For large −x, e^−x is ∞ and 1/∞ is the 0 that is meant.

    >>> sigmoid(torch.tensor([-200.0, 0.0, 200.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    # h = 1 / (1 + e^−x)
    return 1 / (1 + torch.exp(-x))


class Sigmoid(nn.Module):
    """Module of sigmoid: 1 / (1 + e^−x)."""

    def forward(self, x):
        return sigmoid(x)


def tanh_gradient(g, h, x):
    # 1 − tanh²(x) = 4 σ(2x)(1 − σ(2x)), which keeps its digits where tanh(x) rounds to 1
    # g_x = g ⊙ (1 − h²)
    return sigmoid_gradient(4 * g, h, 2 * x)


@differentiable(tanh_gradient)
def tanh(x):
    """(e^x − e^−x) / (e^x + e^−x), by the framework's primitive: the quotient itself overflows.

    >>> tanh(torch.tensor([0.0, 200.0])).tolist()
    [0.0, 1.0]
    """
    # h = (e^x − e^−x) / (e^x + e^−x)
    return torch.tanh(x)


class Tanh(nn.Module):
    """Module of tanh: (e^x − e^−x) / (e^x + e^−x)."""

    def forward(self, x):
        return tanh(x)


def hard_tanh_gradient(g, h, x):
    # g_x = g ⊙ I(−1 < x < 1)
    return g * is_positive(1 - torch.abs(x))


@differentiable(hard_tanh_gradient)
def hard_tanh(x):
    """x clipped to [−1, 1]. The derivative at both kinks is 0: the notes' inequalities are strict.

    >>> hard_tanh(torch.tensor([-3.0, 0.5, 3.0])).tolist()
    [-1.0, 0.5, 1.0]
    """
    # h = min(max(x, −1), 1)
    return torch.clamp(x, -1, 1)


class HardTanh(nn.Module):
    """Module of hard_tanh: x clipped to [−1, 1]."""

    def forward(self, x):
        return hard_tanh(x)


def softmax_gradient(g, h, x, dim):
    # g_x = h ⊙ (g − Σ g ⊙ h), from the Jacobian h_i(1 − h_i), −h_i h_j
    return h * (g - torch.sum(g * h, dim, keepdim=True))


def _largest(x, dim):
    # amax refuses an empty dim, of which nothing is asked here
    return torch.amax(x, dim, keepdim=True) if x.numel() else torch.sum(x, dim, keepdim=True)


@differentiable(softmax_gradient)
def softmax(x, dim=-1):
    """e^x_i / Σ e^x_j along a dim, which the shift by max x leaves unchanged.

    A row of −∞ alone, or one holding +∞ or NaN, gives NaN, as in both frameworks.

    >>> softmax(torch.tensor([[1e4, 1e4, -1e4]])).tolist()
    [[0.5, 0.5, 0.0]]
    """
    # e_i = e^(x_i − max x)
    e = torch.exp(x - _largest(x, dim))
    # h_i = e_i / Σ e_j
    return e / torch.sum(e, dim, keepdim=True)


class Softmax(nn.Module):
    """Module of softmax: e^x_i / Σ e^x_j along one dim."""

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return softmax(x, self.dim)

    def extra_repr(self):
        return f"dim={self.dim}"


def log_softmax_gradient(g, h, x, dim):
    # g_x = g − softmax(x) ⊙ Σ g, where softmax(x) = e^h
    return g - torch.exp(h) * torch.sum(g, dim, keepdim=True)


@differentiable(log_softmax_gradient)
def log_softmax(x, dim=-1):
    """x − log Σ e^x_j along a dim: the logarithm of softmax, finite where softmax rounds to 0.

    >>> log_softmax(torch.tensor([[1e4, -1e4]])).tolist()
    [[0.0, -20000.0]]
    """
    # z = x − max x
    z = x - _largest(x, dim)
    # h = z − log Σ e^z_j
    return z - torch.log(torch.sum(torch.exp(z), dim, keepdim=True))


class LogSoftmax(nn.Module):
    """Module of log_softmax: x − log Σ e^x_j along one dim."""

    def __init__(self, dim=-1):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return log_softmax(x, self.dim)

    def extra_repr(self):
        return f"dim={self.dim}"


def maxout_gradient(g, h, x, pieces):
    groups = _groups(x, pieces)
    winner = torch.argmax((groups == h[..., None]).int(), dim=-1)
    # g to the winner, 0 elsewhere; argmax takes the first of tied winners
    g_x = g[..., None] * nn.functional.one_hot(winner, pieces).to(g.dtype)
    return torch.reshape(g_x, x.shape)


@differentiable(maxout_gradient)
def maxout(x, pieces):
    """The largest of each run of `pieces` neighbours on the last dim: (…, D) to (…, D / pieces).

    A tie gives the whole gradient to the first winner (torch.amax would share it out). Raises
    ValueError if pieces does not divide D.

    Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, Maxout Networks.

    >>> maxout(torch.tensor([[1.0, 5.0, 3.0, 2.0]]), pieces=2).tolist()
    [[5.0, 3.0]]
    """
    groups = _groups(x, pieces)
    # h = max over the pieces
    return torch.amax(groups, dim=-1)


class Maxout(nn.Module):
    """Module of maxout: the largest of each run of pieces, (…, D) to (…, D / pieces)."""

    def __init__(self, pieces):
        super().__init__()
        self.pieces = pieces

    def forward(self, x):
        return maxout(x, self.pieces)

    def extra_repr(self):
        return f"pieces={self.pieces}"


def _groups(x, pieces):
    features = x.shape[-1] if len(x.shape) else 1
    if pieces < 1 or features % pieces:
        raise ValueError(f"maxout needs pieces that divide the last axis: {features} by {pieces}")
    return torch.reshape(x, (*x.shape[:-1], features // pieces, pieces))


def softplus_gradient(g, h, x):
    # g_x = g ⊙ σ(x)
    return g * sigmoid(x)


@differentiable(softplus_gradient)
def softplus(x):
    """log(1 + e^x) = max(0, x) + log(1 + e^−|x|). Dugas, Bengio, Bélisle, Nadeau & Garcia 2001.

    torch's built-in switches to x at 20, where the true value is still 2e−9 larger.

    >>> softplus(torch.tensor([0.0, 200.0])).round(decimals=4).tolist()
    [0.6930999755859375, 200.0]
    """
    # h = max(0, x) + log(1 + e^−|x|)
    return torch.clamp(x, min=0) + torch.log1p(torch.exp(-torch.abs(x)))


class Softplus(nn.Module):
    """Module of softplus: log(1 + e^x)."""

    def forward(self, x):
        return softplus(x)


def elu_gradient(g, h, x, alpha):
    positive = is_positive(x)
    # g_x = g ⊙ (1 where x > 0, else α e^x)
    return g * (positive + alpha * torch.exp(torch.clamp(x, max=0)) * (1 - positive))


@differentiable(elu_gradient)
def elu(x, alpha=1.0):
    """x where x > 0, else α(e^x − 1). α at x = 0. Clevert, Unterthiner & Hochreiter 2016.

    tf.nn.elu computes e^x − 1 as written and returns 0 for −1e−8; here it is −1e−8.

    >>> elu(torch.tensor([-1e-8, 2.0])).tolist()
    [-9.99999993922529e-09, 2.0]
    """
    # h = max(0, x) + α(e^min(0, x) − 1)
    return torch.clamp(x, min=0) + alpha * _expm1(torch.clamp(x, max=0))


class ELU(nn.Module):
    """Module of elu: x where x > 0, else α(e^x − 1)."""

    def __init__(self, alpha=1.0):
        super().__init__()
        self.alpha = alpha

    def forward(self, x):
        return elu(x, self.alpha)

    def extra_repr(self):
        return f"alpha={self.alpha}"


def _expm1(x):
    # torch.compile turns expm1 into e^x − 1, which cancels at 0; tanh(x/2)(e^x + 1) does not
    if torch.compiler.is_compiling():
        return torch.tanh(x / 2) * (torch.exp(x) + 1)
    return torch.expm1(x)


def gelu_gradient(g, h, x):
    # Φ(x) = erfc(−x/√2)/2, φ(x) = e^−x²/2 / √(2π)
    cdf = 0.5 * torch.erfc(-math.sqrt(0.5) * x)
    pdf = math.sqrt(0.5 / math.pi) * torch.exp(-0.5 * x * x)
    # g_x = g ⊙ (Φ(x) + x φ(x))
    return g * (cdf + x * pdf)


@differentiable(gelu_gradient)
def gelu(x):
    """x Φ(x), Φ the normal distribution function; not the tanh approximation. NaN at −∞.

    Hendrycks & Gimpel 2016, Gaussian Error Linear Units. tf.nn.gelu rounds 1/√2 to float32 in
    float64; torch's 1 + erf loses the left tail, which erfc keeps.

    >>> gelu(torch.tensor([-1.0, 0.0, 100.0])).round(decimals=4).tolist()
    [-0.15870000422000885, 0.0, 100.0]
    """
    # h = x Φ(x) = x erfc(−x/√2) / 2
    return 0.5 * x * torch.erfc(-math.sqrt(0.5) * x)


class GELU(nn.Module):
    """Module of gelu: x Φ(x)."""

    def forward(self, x):
        return gelu(x)


def silu_gradient(g, h, x):
    # g_x = g ⊙ σ(x) ⊙ (1 + x σ(−x))
    return g * sigmoid(x) * (1 + x * sigmoid(-x))


@differentiable(silu_gradient)
def silu(x):
    """x σ(x) = x / (1 + e^−x), also called swish. NaN at −∞. Elfwing, Uchibe & Doya 2018.

    >>> silu(torch.tensor([0.0, 200.0])).tolist()
    [0.0, 200.0]
    """
    # h = x / (1 + e^−x)
    return x / (1 + torch.exp(-x))


class SiLU(nn.Module):
    """Module of silu: x σ(x)."""

    def forward(self, x):
        return silu(x)
