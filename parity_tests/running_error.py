"""Layers in NumPy float64, each output with how far rounding may take any evaluation from it.

A running error analysis: beside every intermediate value goes a bound on what any party may be off
by, whatever the order in which it adds and whichever of the algebraic forms it takes. Weights are
in Keras's names and layouts, inputs channels last and batch first.

Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2002, section 3.3.
"""

from dataclasses import dataclass

import numpy as np

from shared.comparison import gamma, ulp_bound, unit_roundoff

EPSILON = 1e-3  # of the normalizations, added to the variance
ULPS = 4  # what elementary functions are held to throughout the project


@dataclass(frozen=True)
class Rounded:
    """A value, and how far from it without rounding any evaluation may be."""

    value: np.ndarray
    error: np.ndarray | float = 0.0

    @property
    def size(self):
        return np.abs(self.value) + self.error

    def __mul__(self, other):
        brought = self.size * other.error + self.error * other.size
        rounding = unit_roundoff("float64") * self.size * other.size
        return Rounded(self.value * other.value, brought + rounding)

    def __neg__(self):
        return Rounded(-self.value, self.error)

    def __getitem__(self, index):
        return Rounded(self.value[index], self.error[index])


def total(*terms):
    """The sum, in any order, and with a common factor taken out of two of its terms or not."""
    size = sum(term.size for term in terms)
    error = sum(term.error for term in terms) + gamma(len(terms), "float64") * size
    return Rounded(sum(term.value for term in terms), error)


def affine(bias, *products):
    """bias + Σ x W, all products summed in any order; the bias may come in two parts."""
    count = sum(len(W) for _, W in products) + 2
    size = np.abs(bias) + sum(x.size @ np.abs(W) for x, W in products)
    brought = sum((x.size - np.abs(x.value)) @ np.abs(W) for x, W in products)
    error = brought + gamma(count, "float64") * size
    return Rounded(bias + sum(x.value @ W for x, W in products), error)


def squashed(function, slope, x):
    """An elementary function no steeper than `slope`."""
    value = function(x.value)
    return Rounded(value, slope * x.error + ulp_bound(value, "float64", ULPS))


def sigmoid(x):
    return squashed(lambda x: 1 / (1 + np.exp(-x)), 0.25, x)


def tanh(x):
    return squashed(np.tanh, 1.0, x)


def linear(weights, x):
    return affine(weights.get("bias", 0.0), (Rounded(x), weights["kernel"]))


def conv2d(weights, x):
    height, width, channels, filters = weights["kernel"].shape
    patches = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))
    rows = np.moveaxis(patches, 3, -1).reshape(*patches.shape[:3], height * width * channels)
    return linear({**weights, "kernel": weights["kernel"].reshape(-1, filters)}, rows)


def embedding(weights, x):
    return Rounded(weights["embeddings"][x])


def prelu(weights, x):
    slope = Rounded(weights["alpha"])
    return total(Rounded(np.maximum(x, 0)), slope * Rounded(np.minimum(x, 0)))


def batch_norm(weights, x):
    mean, variance = Rounded(weights["moving_mean"]), Rounded(weights["moving_variance"])
    return _normalized(weights, Rounded(x), mean, variance)


def layer_norm(weights, x):
    x, count = Rounded(x), x.shape[-1]
    mean = Rounded(x.value.mean(-1, keepdims=True), gamma(count, "float64") * _mean(x.size))
    # the variance as mean of squares less squared mean: of its forms, the one that rounds most
    size = _mean(x.size**2) + mean.size**2
    error = 2 * (gamma(count, "float64") * size + mean.error * mean.size)
    return _normalized(weights, x, mean, Rounded(x.value.var(-1, keepdims=True), error))


def _mean(values):
    return np.mean(values, axis=-1, keepdims=True)


def _normalized(weights, x, mean, variance):
    """γ (x − μ) / √(σ² + ε) + β."""
    spread = total(variance, Rounded(EPSILON))
    value = 1 / np.sqrt(spread.value)
    steepest = 0.5 / (spread.value - spread.error) ** 1.5
    scale = Rounded(value, steepest * spread.error + ulp_bound(value, "float64", ULPS))
    scale = scale * Rounded(weights.get("gamma", np.ones(1)))
    return total(x * scale, -(mean * scale), Rounded(weights.get("beta", np.zeros(1))))


def _over_time(weights, x, step):
    """All states of a recurrent layer, stacked along axis 1, from a state and a cell of 0."""
    h = c = Rounded(np.zeros((len(x), len(weights["recurrent_kernel"]))))
    states = []
    for t in range(x.shape[1]):
        h, c = step(weights, Rounded(x[:, t]), h, c)
        states.append(h)
    values, errors = ([getattr(h, part) for h in states] for part in ("value", "error"))
    return Rounded(np.stack(values, axis=1), np.stack(errors, axis=1))


def simple_rnn(weights, x):
    def step(weights, x, h, c):
        inputs = (x, weights["kernel"]), (h, weights["recurrent_kernel"])
        return tanh(affine(weights.get("bias", 0.0), *inputs)), c

    return _over_time(weights, x, step)


def lstm(weights, x):
    def step(weights, x, h, c):
        inputs = (x, weights["kernel"]), (h, weights["recurrent_kernel"])
        i, f, g, o = _gates(affine(weights.get("bias", 0.0), *inputs), 4)
        c = total(sigmoid(f) * c, sigmoid(i) * tanh(g))
        return sigmoid(o) * tanh(c), c

    return _over_time(weights, x, step)


def gru(weights, x):
    def step(weights, x, h, c):
        of_x, of_h = weights.get("bias", np.zeros((2, 1)))
        from_x = _gates(affine(of_x, (x, weights["kernel"])), 3)
        from_h = _gates(affine(of_h, (h, weights["recurrent_kernel"])), 3)
        z, r = (sigmoid(total(a, b)) for a, b in zip(from_x[:2], from_h[:2], strict=True))
        n = tanh(total(from_x[2], r * from_h[2]))
        return total(n, z * h, -(z * n)), c

    return _over_time(weights, x, step)


def _gates(z, count):
    units = z.value.shape[-1] // count
    return [z[..., k * units : (k + 1) * units] for k in range(count)]
