"""Activations in float64: the oracle that both halves are measured against.

Each formula stands beside its hand-derived gradient and, where the function is smooth, the gradient
of that gradient. Plain NumPy; the one liberty taken is the choice, among equal formulas, of the one
that neither overflows nor cancels. Every function here is itself held to 50-digit arithmetic.

    x  input                 h = f(x)  output
    g  upstream gradient     name_gradient(g, x) = g ∂h/∂x
    v  second upstream       name_second(v, g, x) = ∂/∂x Σ v ⊙ name_gradient(g, x)

Source: Introduction to Deep Learning, Unit 1 (the comparison of activations and the table of
backpropagation updates); softplus, ELU, GELU and SiLU from the papers named beside them.
"""

import math

import numpy as np

_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def identity(x):
    """x."""
    return x


def identity_gradient(g, x):
    """g."""
    return g


def relu(x):
    """max(0, x); NaN stays NaN."""
    return np.maximum(x, 0.0)


def relu_gradient(g, x):
    """g where x > 0, else 0: the derivative at the kink x = 0 is 0."""
    return np.where(x > 0, g, 0.0)


def leaky_relu(x, negative_slope=0.01):
    """x where x > 0, else negative_slope · x; for slopes up to 1 this is max(slope · x, x)."""
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_gradient(g, x, negative_slope=0.01):
    """g where x > 0, else negative_slope · g: the slope at x = 0."""
    return np.where(x > 0, g, negative_slope * g)


def prelu(x, slope):
    """max(0, x) + slope · min(0, x), the slopes lying along the last axis, or one shared.

    He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers.
    """
    return np.where(x > 0, x, slope * x)


def prelu_gradient(g, x, slope):
    """(g_x, g_slope): as leaky_relu for x; for a slope Σ g ⊙ min(0, x) over where it is shared."""
    g_x = np.where(x > 0, g, slope * g)
    return g_x, _sum_to(g * np.minimum(x, 0.0), np.shape(slope))


def sigmoid(x):
    """1 / (1 + e^−x)."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1 + e)


def sigmoid_gradient(g, x):
    """g h (1 − h) = g e^−|x| / (1 + e^−|x|)²."""
    e = np.exp(-np.abs(x))
    return g * e / (1 + e) ** 2


def sigmoid_second(v, g, x):
    """v g h (1 − h)(1 − 2h), where 1 − 2h = −tanh(x/2)."""
    return -np.tanh(x / 2) * sigmoid_gradient(v * g, x)


def tanh(x):
    """(e^x − e^−x) / (e^x + e^−x)."""
    return np.tanh(x)


def tanh_gradient(g, x):
    """g (1 − h²) = 4 g e^−2|x| / (1 + e^−2|x|)²."""
    e = np.exp(-2 * np.abs(x))
    return 4 * g * e / (1 + e) ** 2


def tanh_second(v, g, x):
    """−2 v g h (1 − h²)."""
    return -2 * np.tanh(x) * tanh_gradient(v * g, x)


def hard_tanh(x):
    """x clipped to [−1, 1]."""
    return np.clip(x, -1.0, 1.0)


def hard_tanh_gradient(g, x):
    """g where −1 < x < 1, else 0: strict, so 0 at both kinks."""
    return np.where((x > -1) & (x < 1), g, 0.0)


def softmax(x, axis=-1):
    """e^xᵢ / Σ e^xⱼ along the axis, shifted by the maximum so that nothing overflows."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_gradient(g, x, axis=-1):
    """h ⊙ (g − Σ g ⊙ h); the Jacobian is hᵢ(1 − hᵢ) on the diagonal and −hᵢhⱼ off it."""
    h = softmax(x, axis)
    return h * (g - np.sum(g * h, axis=axis, keepdims=True))


def softmax_second(v, g, x, axis=-1):
    """With c = Σ g ⊙ h and d = Σ v ⊙ h: h ⊙ (v ⊙ (g − c) − d ⊙ (g − c) − Σ v ⊙ h ⊙ (g − c))."""
    h = softmax(x, axis)
    c = np.sum(g * h, axis=axis, keepdims=True)
    d = np.sum(v * h, axis=axis, keepdims=True)
    return h * ((v - d) * (g - c) - np.sum(v * h * (g - c), axis=axis, keepdims=True))


def log_softmax(x, axis=-1):
    """x − log Σ e^xⱼ along the axis, shifted by the maximum."""
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def log_softmax_gradient(g, x, axis=-1):
    """g − softmax(x) ⊙ Σ g."""
    return g - softmax(x, axis) * np.sum(g, axis=axis, keepdims=True)


def log_softmax_second(v, g, x, axis=-1):
    """−Σ g · softmax(x) ⊙ (v − Σ v ⊙ softmax(x))."""
    return -np.sum(g, axis=axis, keepdims=True) * softmax_gradient(v, x, axis)


def maxout(x, pieces):
    """The largest of each run of `pieces` neighbours along the last axis: (…, D) to (…, D/pieces).

    Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, Maxout Networks.
    """
    return np.max(_groups(x, pieces), axis=-1)


def maxout_gradient(g, x, pieces):
    """g to the winner of each run and 0 to the others; of tied winners the first takes all."""
    groups = _groups(x, pieces)
    winner = np.argmax(groups == np.max(groups, axis=-1, keepdims=True), axis=-1)
    return np.reshape(g[..., None] * (np.arange(pieces) == winner[..., None]), np.shape(x))


def softplus(x):
    """log(1 + e^x). Dugas, Bengio, Bélisle, Nadeau & Garcia 2001."""
    return np.logaddexp(0.0, x)


def softplus_gradient(g, x):
    """g σ(x)."""
    return g * sigmoid(x)


def softplus_second(v, g, x):
    """v g σ(x)(1 − σ(x))."""
    return sigmoid_gradient(v * g, x)


def elu(x, alpha=1.0):
    """x where x > 0, else alpha (e^x − 1). Clevert, Unterthiner & Hochreiter 2016."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def elu_gradient(g, x, alpha=1.0):
    """g where x > 0, else g alpha e^x: alpha at x = 0."""
    return np.where(x > 0, g, g * alpha * np.exp(np.minimum(x, 0.0)))


def elu_second(v, g, x, alpha=1.0):
    """0 where x > 0, else v g alpha e^x."""
    return np.where(x > 0, 0.0, v * g * alpha * np.exp(np.minimum(x, 0.0)))


def gelu(x):
    """x Φ(x), Φ the normal distribution function: the exact form, not the tanh approximation.

    Hendrycks & Gimpel 2016, Gaussian Error Linear Units.
    """
    return x * _normal_cdf(x)


def gelu_gradient(g, x):
    """g (Φ(x) + x φ(x)), φ the normal density."""
    return g * (_normal_cdf(x) + x * _normal_pdf(x))


def gelu_second(v, g, x):
    """v g φ(x)(2 − x²)."""
    return v * g * _normal_pdf(x) * (2 - x**2)


def silu(x):
    """x σ(x). Elfwing, Uchibe & Doya 2018; also called swish."""
    return x * sigmoid(x)


def silu_gradient(g, x):
    """g σ(x)(1 + x σ(−x))."""
    return g * sigmoid(x) * (1 + x * sigmoid(-x))


def silu_second(v, g, x):
    """v g σ'(x)(2 + x (1 − 2σ(x))), where 1 − 2σ(x) = −tanh(x/2)."""
    return sigmoid_gradient(v * g, x) * (2 - x * np.tanh(x / 2))


def _normal_cdf(x):
    return 0.5 * _erfc(-x / math.sqrt(2))


def _normal_pdf(x):
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def _groups(x, pieces):
    return np.reshape(x, (*np.shape(x)[:-1], np.shape(x)[-1] // pieces, pieces))


def _sum_to(values, shape):
    """Sum over the axes along which a parameter of this shape was shared."""
    lead = values.ndim - len(shape)
    shared = tuple(lead + i for i, size in enumerate(shape) if size == 1)
    return np.sum(values, axis=(*range(lead), *shared), keepdims=False).reshape(shape)
