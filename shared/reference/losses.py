"""Losses in float64: the oracle that both halves are measured against.

    y  label, a constant     p  prediction; x where it is a logit     L  loss
    g  upstream gradient     name_gradient(g, y_true, y_pred, …) = ∂/∂y_pred Σ g ⊙ L
    v  second upstream       name_second(v, g, y_true, y_pred, …) = ∂/∂y_pred Σ v ⊙ name_gradient

Conventions, the halves' too: the reduction is "mean", "sum" or "none"; the mean over an empty batch
is NaN and its sum 0; what never happens costs nothing, 0 · log 0 = 0; NaN in gives NaN out. Labels
and predictions of different shapes are a ValueError, and so are class ids that no class has. Every
function here is itself held to 50-digit arithmetic.

Source: Introduction to Deep Learning, Unit 1 (cross-entropy, log loss, squared error, losses at
hidden nodes); papers are named where a penalty came from one.
"""

import numpy as np

from shared.reference.activations import sigmoid, sigmoid_gradient, softmax

silent = np.errstate(divide="ignore", invalid="ignore", over="ignore")


@silent
def squared_error(y_true, y_pred, reduction="mean"):
    """Σ (p − y)² over a sample's outputs: all axes but the first."""
    y, p = _pair(y_true, y_pred)
    return _reduce(np.sum((p - y) ** 2, axis=tuple(range(1, p.ndim))), reduction)


@silent
def squared_error_gradient(g, y_true, y_pred, reduction="mean"):
    """2 g (p − y)."""
    y, p = _pair(y_true, y_pred)
    return 2 * _upstream(g, reduction, _samples(p)) * (p - y)


@silent
def squared_error_second(v, g, y_true, y_pred, reduction="mean"):
    """2 v g."""
    return 2 * _upstream(g, reduction, _samples(np.asarray(y_pred))) * v


@silent
def mean_squared_error(y_true, y_pred, reduction="mean"):
    """(p − y)² of each element."""
    y, p = _pair(y_true, y_pred)
    return _reduce((p - y) ** 2, reduction)


@silent
def mean_squared_error_gradient(g, y_true, y_pred, reduction="mean"):
    """2 g (p − y)."""
    y, p = _pair(y_true, y_pred)
    return 2 * _upstream(g, reduction, p.shape) * (p - y)


@silent
def mean_squared_error_second(v, g, y_true, y_pred, reduction="mean"):
    """2 v g."""
    return 2 * _upstream(g, reduction, np.shape(y_pred)) * v


@silent
def binary_cross_entropy(y_true, y_pred, reduction="mean"):
    """−y log p − (1 − y) log(1 − p) of each element; ∞ where certainty was wrong."""
    y, p = _pair(y_true, y_pred)
    return _reduce(-_times(y, np.log(p)) - _times(1 - y, np.log1p(-p)), reduction)


@silent
def binary_cross_entropy_gradient(g, y_true, y_pred, reduction="mean"):
    """g (p − y) / (p (1 − p)); where p = y = 0 or 1, the one-sided slope: g or −g."""
    y, p = _pair(y_true, y_pred)
    certain = (p == y) & (p * (1 - p) == 0)
    slope = np.where(certain, 1 - 2 * p, (p - y) / (np.abs(p) * (1 - p)))
    return _upstream(g, reduction, p.shape) * slope


@silent
def binary_cross_entropy_second(v, g, y_true, y_pred, reduction="mean"):
    """v g (y / p² + (1 − y) / (1 − p)²)."""
    y, p = _pair(y_true, y_pred)
    return v * _upstream(g, reduction, p.shape) * (y / p**2 + (1 - y) / (1 - p) ** 2)


@silent
def binary_cross_entropy_with_logits(y_true, y_pred, reduction="mean"):
    """(1 − y) softplus(x) + y softplus(−x): the log loss of p = σ(x)."""
    y, x = _pair(y_true, y_pred)
    far = _times(1 - y, np.maximum(x, 0)) + _times(y, np.maximum(-x, 0))
    return _reduce(far + np.log1p(np.exp(-np.abs(x))), reduction)


@silent
def binary_cross_entropy_with_logits_gradient(g, y_true, y_pred, reduction="mean"):
    """g (σ(x) − y), as g ((1 − y) σ(x) − y σ(−x)), which does not cancel for y = 0 or 1."""
    y, x = _pair(y_true, y_pred)
    return _upstream(g, reduction, x.shape) * ((1 - y) * sigmoid(x) - y * sigmoid(-x))


@silent
def binary_cross_entropy_with_logits_second(v, g, y_true, y_pred, reduction="mean"):
    """v g σ(x)(1 − σ(x))."""
    x = np.asarray(y_pred)
    return sigmoid_gradient(v * _upstream(g, reduction, x.shape), x)


@silent
def softmax_cross_entropy(y_true, y_pred, reduction="mean"):
    """−Σ y log o of each row of logits x, o = softmax(x) along the last axis.

    Labels are probabilities of y_pred's shape, or class ids of its shape less the last axis.
    """
    y, x = _distribution(y_true, y_pred)
    z, _, _, s = _against_largest(x)
    return _reduce(np.sum(_times(y, np.log1p(s) - z), axis=-1), reduction)


@silent
def softmax_cross_entropy_gradient(g, y_true, y_pred, reduction="mean"):
    """g (o Σy − y), as g (o (Σy − y) − y (1 − o)), which does not cancel for one-hot y."""
    y, x = _distribution(y_true, y_pred)
    _, e, winner, s = _against_largest(x)
    o, rest = e / (1 + s), np.where(winner, s, 1 + s - e) / (1 + s)
    total = np.sum(y, axis=-1, keepdims=True)
    return _upstream(g, reduction, total.shape) * (o * (total - y) - y * rest)


@silent
def softmax_cross_entropy_second(v, g, y_true, y_pred, reduction="mean"):
    """g Σy · o ⊙ (v − Σ v ⊙ o)."""
    y, x = _distribution(y_true, y_pred)
    o, total = softmax(x), np.sum(y, axis=-1, keepdims=True)
    along = np.sum(v * o, axis=-1, keepdims=True)
    return _upstream(g, reduction, total.shape) * total * o * (v - along)


@silent
def l2_penalty(W, weight=1.0):
    """weight · Σ W²: without a half."""
    return weight * np.sum(np.asarray(W) ** 2)


def l2_penalty_gradient(g, W, weight=1.0):
    """2 g weight W."""
    return 2 * weight * g * np.asarray(W)


def l2_penalty_second(v, g, W, weight=1.0):
    """2 v g weight."""
    return 2 * weight * g * v


@silent
def sparsity_penalty(h, target, weight=1.0):
    """weight · Σ (ρ log(ρ/m) + (1 − ρ) log((1 − ρ)/(1 − m))), m a unit's mean over the batch.

    Ng 2011, Sparse autoencoder (CS294A lecture notes).
    """
    m, rho = _batch_mean(h), _fraction(target)
    return weight * np.sum(rho * np.log(rho / m) + (1 - rho) * np.log((1 - rho) / (1 - m)))


@silent
def sparsity_penalty_gradient(g, h, target, weight=1.0):
    """g weight (m − ρ) / (m (1 − m)) / B, for each of the B samples alike."""
    m, rho = _batch_mean(h), _fraction(target)
    slope = (m - rho) / (m * (1 - m))
    return np.broadcast_to(weight * g * slope / np.float64(len(h)), np.shape(h))


@silent
def sparsity_penalty_second(v, g, h, target, weight=1.0):
    """g weight (ρ / m² + (1 − ρ) / (1 − m)²) Σ v / B²."""
    m, rho = _batch_mean(h), _fraction(target)
    curvature = rho / m**2 + (1 - rho) / (1 - m) ** 2
    along = np.sum(v, axis=0) / np.float64(len(h)) ** 2
    return np.broadcast_to(weight * g * curvature * along, np.shape(h))


@silent
def contractive_penalty(h, W, reduction="mean"):
    """‖∂h/∂x‖² = Σⱼ (hⱼ(1 − hⱼ))² Σᵢ Wᵢⱼ² of each sample of h = σ(xW + b), W (inputs, units).

    Rifai, Vincent, Muller, Glorot & Bengio 2011, Contractive Auto-Encoders.
    """
    h, W = _layer(h, W)
    return _reduce((h * (1 - h)) ** 2 @ np.sum(W**2, axis=0), reduction)


@silent
def contractive_penalty_gradient(g, h, W, reduction="mean"):
    """(g_h, g_W) = (2 g h(1 − h)(1 − 2h) Σᵢ Wᵢ², 2 W Σ g (h(1 − h))²): of h as it is, not of x."""
    h, W = _layer(h, W)
    s, each = h * (1 - h), _upstream(g, reduction, (*h.shape[:-1], 1))
    g_h = 2 * each * s * (1 - 2 * h) * np.sum(W**2, axis=0)
    return g_h, 2 * W * np.sum(each * s**2, axis=tuple(range(h.ndim - 1)))


def _pair(y_true, y_pred):
    """Labels and predictions as arrays of one shape."""
    y, p = np.asarray(y_true), np.asarray(y_pred)
    if y.shape != p.shape:
        raise ValueError(f"y_true has shape {y.shape} and y_pred {p.shape}: reshape one of them")
    return y, p


def _distribution(y_true, y_pred):
    """Labels as rows of probabilities beside the logits; class ids become one-hot."""
    y, x = np.asarray(y_true), np.asarray(y_pred)
    if y.ndim == x.ndim:
        return _pair(y, x)
    if y.shape != x.shape[:-1]:
        raise ValueError(f"y_true has shape {y.shape} and y_pred {x.shape}: give class ids of "
                         f"shape {x.shape[:-1]} or probabilities of shape {x.shape}")  # fmt: skip
    one_hot = y[..., None] == np.arange(x.shape[-1])
    if not one_hot.any(axis=-1).all():
        raise ValueError(f"class ids run from 0 to {x.shape[-1] - 1}, and y_true holds others")
    return one_hot.astype(np.float64), x


def _layer(h, W):
    h, W = np.asarray(h), np.asarray(W)
    if W.ndim != 2 or h.shape[-1:] != W.shape[1:]:
        raise ValueError(f"h has shape {h.shape} and W {W.shape}: W is (inputs, units)")
    return h, W


def _fraction(target):
    if not 0 < target < 1:
        raise ValueError(f"target is a mean activation between 0 and 1, not {target}")
    return target


def _reduce(losses, reduction):
    if reduction == "mean":
        return np.sum(losses) / np.float64(np.size(losses))
    if reduction == "sum":
        return np.sum(losses)
    if reduction == "none":
        return losses
    raise ValueError(f'reduction is "mean", "sum" or "none", not {reduction!r}')


def _upstream(g, reduction, shape):
    """What each loss gets of g; `shape` is that of the losses, with summed axes kept as 1."""
    if reduction == "mean":
        return g / np.float64(np.prod(shape))
    return g if reduction == "sum" else np.reshape(g, shape)


def _samples(p):
    return (*p.shape[:1], *(1 for _ in p.shape[1:]))


def _times(y, v):
    """y v, where 0 · ∞ = 0."""
    return np.where((y == 0) & np.isinf(v), 0.0, y * v)


def _against_largest(x):
    """z = x − max x, e = e^z, where e is the largest's, and s = Σ e less that one, which is 1."""
    z = x - np.max(x, axis=-1, keepdims=True)
    e = np.exp(z)
    winner = np.argmax(z, axis=-1)[..., None] == np.arange(x.shape[-1])
    return z, e, winner, np.sum(e - winner, axis=-1, keepdims=True)


def _batch_mean(h):
    return np.sum(h, axis=0) / np.float64(len(h))
