"""Initializers: each a function of one standard draw, and a filler of torch parameters by it.

    draw     (out, in, …), the weight's own shape in torch's layout; a Linear's is (out, in).
             Uniform on [0, 1) where the name says so, else standard normal.
    W        the weights, of the draw's shape and dtype
    fan_in   how many numbers one unit sums up: in, times the elements of the window (…)
    fan_out  how many units one number reaches: out, times the same; a vector of n has both fans n

Both halves draw the same numbers from the same seed, in Keras's layout and in float64, so the same
seed gives the same weights, rounded to the weight's dtype at the end. As with keras.initializers, a
seed gives the same weights at every call: give each weight of a network a seed of its own.

Keras draws its glorot_normal, he_normal and lecun_normal from a normal distribution truncated at
two standard deviations and widened to the same variance. Here, as in torch, nothing is truncated.

A draw must be a floating-point tensor (TypeError), and have at least 1 axis where fans count and 2
for orthogonal (ValueError).
"""

import math

import torch

from shared.weights import standard_draw


def zeros(draw):
    """0, whatever was drawn: for biases. As weights, zeros leave all units of a layer alike.

    >>> zeros(torch.tensor([0.5, -2.0])).tolist()
    [0.0, 0.0]
    """
    _shape(draw, 0, "zeros")
    # W = 0
    return torch.zeros_like(draw)


def random_normal(draw, mean=0.0, std=0.05):
    """mean + std · draw, whatever the fans.

    The default std is that of keras.initializers.RandomNormal; torch.nn.init.normal_ has 1.

    >>> random_normal(torch.tensor([-1.0, 3.0]), std=0.5).tolist()
    [-0.5, 1.5]
    """
    _shape(draw, 0, "random_normal")
    # W = mean + stddev draw
    return mean + std * draw


def glorot_uniform(draw):
    """Uniform on [−limit, limit), of variance 2 / (fan_in + fan_out). Glorot & Bengio 2010.

    The default of Keras's Dense and Conv2D; torch calls it xavier_uniform_.

    >>> glorot_uniform(torch.tensor([[0.0, 0.25, 0.5, 0.75, 0.875]])).tolist()
    [[-1.0, -0.5, 0.0, 0.5, 0.75]]
    """
    fan_in, fan_out = _fans(draw, "glorot_uniform")
    # limit = √(6 / (fan_in + fan_out))
    limit = math.sqrt(6 / (fan_in + fan_out))
    # W = limit (2 draw − 1)
    return limit * (2 * draw - 1)


def glorot_normal(draw):
    """Normal, of variance 2 / (fan_in + fan_out). Glorot & Bengio 2010.

    torch calls it xavier_normal_; Keras truncates.

    >>> glorot_normal(torch.full((1, 7), 3.0))[0, :2].tolist()
    [1.5, 1.5]
    """
    fan_in, fan_out = _fans(draw, "glorot_normal")
    # W = √(2 / (fan_in + fan_out)) draw
    return math.sqrt(2 / (fan_in + fan_out)) * draw


def he_uniform(draw):
    """Uniform on [−limit, limit), of variance 2 / fan_in: for relu. He, Zhang, Ren & Sun 2015.

    torch calls it kaiming_uniform_; its Linear and Conv2d start with a sixth of this variance.

    >>> he_uniform(torch.full((1, 6), 0.75))[0, :2].tolist()
    [0.5, 0.5]
    """
    fan_in, _ = _fans(draw, "he_uniform")
    # limit = √(6 / fan_in)
    limit = math.sqrt(6 / fan_in)
    # W = limit (2 draw − 1)
    return limit * (2 * draw - 1)


def he_normal(draw):
    """Normal, of variance 2 / fan_in: for relu. He, Zhang, Ren & Sun 2015.

    torch calls it kaiming_normal_; Keras truncates.

    >>> he_normal(torch.full((1, 8), 3.0))[0, :2].tolist()
    [1.5, 1.5]
    """
    fan_in, _ = _fans(draw, "he_normal")
    # W = √(2 / fan_in) draw
    return math.sqrt(2 / fan_in) * draw


def lecun_normal(draw):
    """Normal, of variance 1 / fan_in. LeCun, Bottou, Orr & Müller 1998.

    torch has it as kaiming_normal_ with nonlinearity="linear"; Keras truncates.

    >>> lecun_normal(torch.full((1, 4), 3.0))[0, :2].tolist()
    [1.5, 1.5]
    """
    fan_in, _ = _fans(draw, "lecun_normal")
    # W = √(1 / fan_in) draw
    return math.sqrt(1 / fan_in) * draw


def orthogonal(draw, gain=1.0):
    """Orthonormal columns, or rows where there are fewer, times the gain. Saxe et al. 2014.

    Of the kernel as a matrix (… · in, out), from whose normal draw QR takes them; that R's diagonal
    is positive makes them unique and evenly spread.

    >>> orthogonal(torch.tensor([[3.0, 4.0], [1.0, 2.0]]).double()).round(decimals=4).tolist()
    [[0.6, 0.8], [-0.8, 0.6]]
    """
    out, *rest = _shape(draw, 2, "orthogonal")
    # A = draw as (… · in, out)
    A = torch.movedim(draw, 1, -1).reshape(out, math.prod(rest)).T
    wide = A.shape[0] < A.shape[1]
    # QR = A, or its transpose where that is the taller
    Q, R = torch.linalg.qr(A.T if wide else A)
    # Q ← Q sign(diag R)
    Q = Q * (1 - 2 * (torch.diagonal(R) < 0).to(Q.dtype))
    Q = Q.T if wide else Q
    # W = gain Q
    return gain * torch.movedim(Q.T.reshape(out, *rest[1:], rest[0]), -1, 1)


def _shape(draw, axes, name):
    if not (isinstance(draw, torch.Tensor) and draw.dtype.is_floating_point):
        given = str(draw.dtype)[6:] if isinstance(draw, torch.Tensor) else type(draw).__name__
        raise TypeError(
            f"{name} needs a floating-point tensor, got {given}: pass draw.to(torch.float32)"
        )
    shape = tuple(draw.shape)
    if len(shape) < axes:
        raise ValueError(f"{name} needs a shape of {axes} or more axes, got {shape}")
    return shape


def _fans(draw, name):
    shape = _shape(draw, 1, name)
    window = math.prod(shape[2:])
    fan_out, fan_in = shape[:2] if len(shape) > 1 else 2 * shape
    # a shape without elements has fans of 0, by which nothing can be divided
    return max(1, window * fan_in), max(1, window * fan_out)


class _Initializer:
    """What the classes below share: the standard draw of a parameter's shape, put in its place.

    Called with a parameter or tensor, it fills it, in place, and returns it. What lies as in Keras,
    such as an Embedding's weight, is passed transposed: `initializer(embedding.weight.T)`.
    """

    kind = "normal"

    def __init__(self, *, seed):
        self.seed = seed

    @torch.no_grad()
    def __call__(self, parameter):
        if not isinstance(parameter, torch.Tensor):
            name, given = type(self).__name__, type(parameter).__name__
            raise TypeError(f"{name} fills one parameter, got {given}: pass {given.lower()}.weight")
        # (out, in, …) here is (…, in, out) in Keras's layout, in which both halves draw
        shape = (*parameter.shape[2:], *parameter.shape[1::-1])
        draw = torch.tensor(standard_draw(self.kind, shape, self.seed))
        axes = range(draw.ndim)
        return parameter.copy_(self.weights(draw.permute((*axes[:-3:-1], *axes[:-2]))))

    def __repr__(self):
        options = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({options})"


class Zeros(_Initializer):
    """Initializer of zeros. It takes a seed as the others do, and makes nothing of it."""

    def __init__(self, *, seed=0):
        super().__init__(seed=seed)

    def weights(self, draw):
        return zeros(draw)


class RandomNormal(_Initializer):
    """Initializer of random_normal: mean + std · draw."""

    def __init__(self, mean=0.0, std=0.05, *, seed):
        super().__init__(seed=seed)
        self.mean = mean
        self.std = std

    def weights(self, draw):
        return random_normal(draw, self.mean, self.std)


class GlorotUniform(_Initializer):
    """Initializer of glorot_uniform: variance 2 / (fan_in + fan_out).

    >>> layer = torch.nn.Linear(2, 3)
    >>> for seed, parameter in enumerate(layer.parameters()):
    ...     _ = GlorotUniform(seed=seed)(parameter)
    >>> torch.equal(layer.weight, GlorotUniform(seed=0)(torch.empty(3, 2)))
    True
    """

    kind = "uniform"

    def weights(self, draw):
        return glorot_uniform(draw)


class GlorotNormal(_Initializer):
    """Initializer of glorot_normal: variance 2 / (fan_in + fan_out)."""

    def weights(self, draw):
        return glorot_normal(draw)


class HeUniform(_Initializer):
    """Initializer of he_uniform: variance 2 / fan_in."""

    kind = "uniform"

    def weights(self, draw):
        return he_uniform(draw)


class HeNormal(_Initializer):
    """Initializer of he_normal: variance 2 / fan_in."""

    def weights(self, draw):
        return he_normal(draw)


class LecunNormal(_Initializer):
    """Initializer of lecun_normal: variance 1 / fan_in."""

    def weights(self, draw):
        return lecun_normal(draw)


class Orthogonal(_Initializer):
    """Initializer of orthogonal: orthonormal columns or rows, times the gain."""

    def __init__(self, gain=1.0, *, seed):
        super().__init__(seed=seed)
        self.gain = gain

    def weights(self, draw):
        return orthogonal(draw, self.gain)
