"""Batch and layer normalization in float64, channels on the last axis, and what rounding may cost.

    μ = mean x, v = mean (x − μ)², x̂ = (x − μ) / √(v + ε), h = γ x̂ + β

Both are the one formula, its means taken over all axes but the last (batch) or over the last axes,
as many as γ has (layer).

Source: Ioffe & Szegedy 2015, Batch Normalization; Ba, Kiros & Hinton 2016, Layer Normalization.
"""

import numpy as np


def batch_norm(x, gamma, beta, epsilon):
    """γ x̂ + β, standardized by the mean and variance of the batch."""
    x_hat, _ = _standardized(x, _leading(x), epsilon)
    return gamma * x_hat + beta


def batch_norm_gradient(g, x, gamma, beta, epsilon):
    """(g_x, g_γ, g_β), μ and v being functions of x."""
    return _gradient(g, x, gamma, _leading(x), _leading(x), epsilon)


def batch_norm_inference(x, gamma, beta, mean, variance, epsilon):
    """γ (x − mean) / √(variance + ε) + β, by statistics kept from training."""
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def batch_norm_inference_gradient(g, x, gamma, beta, mean, variance, epsilon):
    """(g_x, g_γ, g_β); the statistics are constants."""
    r = 1 / np.sqrt(variance + epsilon)
    axes = _leading(x)
    return g * gamma * r, np.sum(g * (x - mean) * r, axis=axes), np.sum(g, axis=axes)


def running_statistics(x, mean, variance, share, unbiased):
    """(mean, variance), each moved by `share` of the way to the batch's; unmoved by no batch.

    `unbiased` makes the batch's variance v n / (n − 1), with n values to a channel; one alone has
    variance 0.
    """
    axes = _leading(x)
    n = int(np.prod(x.shape[:-1]))
    if n == 0:
        return mean, variance
    v = np.var(x, axis=axes) * (n / max(n - 1, 1) if unbiased else 1)
    return (1 - share) * mean + share * np.mean(x, axis=axes), (1 - share) * variance + share * v


def layer_norm(x, gamma, beta, epsilon):
    """γ x̂ + β, each sample standardized by itself over the last axes, as many as γ has."""
    x_hat, _ = _standardized(x, _trailing(gamma), epsilon)
    return gamma * x_hat + beta


def layer_norm_gradient(g, x, gamma, beta, epsilon):
    """(g_x, g_γ, g_β): as for the batch, over the axes of a sample."""
    samples = tuple(range(np.ndim(x) - np.ndim(gamma)))
    return _gradient(g, x, gamma, _trailing(gamma), samples, epsilon)


def _standardized(x, axes, epsilon):
    d = x - np.mean(x, axis=axes, keepdims=True)
    r = 1 / np.sqrt(np.mean(d**2, axis=axes, keepdims=True) + epsilon)
    return d * r, r


def _gradient(g, x, gamma, axes, shared, epsilon):
    """g_x = r (ĝ − mean ĝ − x̂ mean(ĝ ⊙ x̂)) with ĝ = γ g; g_γ = Σ g ⊙ x̂; g_β = Σ g."""
    x_hat, r = _standardized(x, axes, epsilon)
    g_hat = g * gamma
    mean_g = np.mean(g_hat, axis=axes, keepdims=True)
    mean_gx = np.mean(g_hat * x_hat, axis=axes, keepdims=True)
    g_x = r * (g_hat - mean_g - x_hat * mean_gx)
    return g_x, np.sum(g * x_hat, axis=shared), np.sum(g, axis=shared)


def _leading(x):
    return tuple(range(np.ndim(x) - 1))


def _trailing(gamma):
    return tuple(range(-np.ndim(gamma), 0))


def batch_norm_terms(x, gamma, beta, epsilon):
    """What the value may be off by, in units of γ_n for n + 6 roundings: see _errors."""
    return _terms(x, gamma, beta, _leading(x), epsilon)


def batch_norm_gradient_terms(g, x, gamma, beta, epsilon):
    """The same for (g_x, g_γ, g_β)."""
    return _gradient_terms(g, x, gamma, _leading(x), _leading(x), epsilon)


def layer_norm_terms(x, gamma, beta, epsilon):
    """What the value may be off by, in units of γ_n for n + 6 roundings: see _errors."""
    return _terms(x, gamma, beta, _trailing(gamma), epsilon)


def layer_norm_gradient_terms(g, x, gamma, beta, epsilon):
    """The same for (g_x, g_γ, g_β)."""
    samples = tuple(range(np.ndim(x) - np.ndim(gamma)))
    return _gradient_terms(g, x, gamma, _trailing(gamma), samples, epsilon)


def _errors(x, axes, epsilon):
    """(error of v, error of x̂, relative error of r), each over γ_n and to first order.

    The mean of n terms is off by γ_n mean |x| in whatever order it is summed. Carried forward:
    D = mean |x| + |d| for d, V = 2 mean(|d| D) + v for v, ρ = V / 2(v + ε) + 1 for r, relatively,
    and r D + |x̂| (ρ + 1) for x̂ = d r; single roundings count as terms of their own.
    """
    d = x - np.mean(x, axis=axes, keepdims=True)
    v = np.mean(d**2, axis=axes, keepdims=True)
    r = 1 / np.sqrt(v + epsilon)
    of_d = np.mean(np.abs(x), axis=axes, keepdims=True) + np.abs(d)
    of_v = 2 * np.mean(np.abs(d) * of_d, axis=axes, keepdims=True) + v
    of_r = of_v / (2 * (v + epsilon)) + 1
    return of_v, r * of_d + np.abs(d * r) * (of_r + 1), of_r


def _terms(x, gamma, beta, axes, epsilon):
    _, of_x_hat, _ = _errors(x, axes, epsilon)
    x_hat, _ = _standardized(x, axes, epsilon)
    return np.abs(gamma) * (of_x_hat + np.abs(x_hat)) + np.abs(beta)


def _gradient_terms(g, x, gamma, axes, shared, epsilon):
    """Each term of g_x = r (ĝ − mean ĝ − x̂ m), m = mean(ĝ ⊙ x̂), with what its factors are off."""
    (_, of_x_hat, of_r), (x_hat, r) = _errors(x, axes, epsilon), _standardized(x, axes, epsilon)
    size, g_hat = of_x_hat + np.abs(x_hat), np.abs(g * gamma)
    m = np.abs(np.mean(g * gamma * x_hat, axis=axes, keepdims=True))
    of_m = np.mean(g_hat * size, axis=axes, keepdims=True)
    of_bracket = g_hat + np.mean(g_hat, axis=axes, keepdims=True) + size * m + np.abs(x_hat) * of_m
    g_x, _, _ = _gradient(g, x, gamma, axes, shared, epsilon)
    of_g_gamma = np.sum(np.abs(g) * size, axis=shared)
    return r * of_bracket + (of_r + 1) * np.abs(g_x), of_g_gamma, np.sum(np.abs(g), axis=shared)


def running_statistics_terms(x, mean, variance, share, unbiased):
    """What the two statistics may be off by, in units of γ_n for n + 6 roundings."""
    n = int(np.prod(x.shape[:-1]))
    of_v, _, _ = _errors(x, _leading(x), 1.0)
    of_v = of_v.reshape(np.shape(variance)) * (n / max(n - 1, 1) if unbiased else 1)
    of_mean = np.mean(np.abs(x), axis=_leading(x))
    return (1 - share) * np.abs(mean) + share * of_mean, (1 - share) * variance + share * of_v
