"""Activations: each a function with its gradient derived by hand, and a Keras layer of it.

    x  input, any shape         h = Φ(x)  output, of x's shape unless said otherwise
    g  upstream gradient ∂L/∂h  name_gradient(g, h, x, …) = ∂L/∂x

A gradient is written so that neither large |x| nor small |x| costs it digits: where the textbook's
1 − h would cancel, the side of the curve is taken on which it does not. Tensors are floating-point
(an integer tensor is a TypeError). NaN in gives NaN out. Formulas are those of Introduction to Deep
Learning, Unit 1; papers are named where a function came later.
"""

import math

import keras
import tensorflow as tf

from shared.bounds import Departure, Ulps
from tf_impl.framework import differentiable, is_positive, sum_to

# where a primitive forbids the catalogue's 4 ULP
KERNEL = {"dtypes": ("float32",), "modes": ("eager", "graph")}
XLA = {"dtypes": ("float32",), "modes": ("compiled",)}
DEPARTURES = (
    Departure("tanh", "h", Ulps(7), "tf.tanh is up to 6.2 ULP off", **KERNEL),
    Departure("tanh", "h", Ulps(5), "tf.tanh is up to 4.9 ULP off", **XLA),
    Departure("softplus", "h", Ulps(5), "tf.math.log1p is up to 4.4 ULP off", **KERNEL),
    Departure("elu", "h", Ulps(5), "tf.math.expm1 is up to 4.9 ULP off", **KERNEL),
    Departure("elu", "h", Ulps(6), "tf.math.expm1 is up to 5.8 ULP off", **XLA),
    Departure("gelu", "h", Ulps(14), "tf.math.erfc is up to 13.5 ULP off", **KERNEL),
)


def identity_gradient(g, h, x):
    # g_x = g
    return g


@differentiable(identity_gradient)
def identity(x):
    """x: the linear activation.

    >>> identity(tf.constant([-1.0, 2.0])).numpy().tolist()
    [-1.0, 2.0]
    """
    # h = x
    return tf.identity(x)


@keras.saving.register_keras_serializable("tf_impl")
class Identity(keras.layers.Layer):
    """Layer of identity: x."""

    def call(self, x):
        return identity(x)


def relu_gradient(g, h, x):
    # g_x = g ⊙ I(x > 0)
    return g * is_positive(x)


@differentiable(relu_gradient)
def relu(x):
    """max(0, x). The derivative at the kink x = 0 is 0, as in both frameworks.

    >>> relu(tf.constant([-1.0, 0.0, 2.0])).numpy().tolist()
    [0.0, 0.0, 2.0]
    """
    # h = max(0, x)
    return tf.maximum(x, 0)


@keras.saving.register_keras_serializable("tf_impl")
class ReLU(keras.layers.Layer):
    """Layer of relu: max(0, x)."""

    def call(self, x):
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

    >>> leaky_relu(tf.constant([-2.0, 3.0]), negative_slope=0.5).numpy().tolist()
    [-1.0, 3.0]
    """
    # h = max(0, x) + slope · min(0, x)
    return tf.maximum(x, 0) + negative_slope * tf.minimum(x, 0)


@keras.saving.register_keras_serializable("tf_impl")
class LeakyReLU(keras.layers.Layer):
    """Layer of leaky_relu: max(0, x) + negative_slope · min(0, x)."""

    def __init__(self, negative_slope=0.01, **kwargs):
        super().__init__(**kwargs)
        self.negative_slope = negative_slope

    def call(self, x):
        return leaky_relu(x, self.negative_slope)

    def get_config(self):
        return {**super().get_config(), "negative_slope": self.negative_slope}


def prelu_gradient(g, h, x, slope):
    a = _along_channels(slope, x)
    positive = is_positive(x)
    # g_x = g ⊙ (1 where x > 0, else a)
    g_x = g * (positive + a * (1 - positive))
    # g_a = Σ g ⊙ min(0, x) over the shared axes
    return g_x, tf.reshape(sum_to(g * tf.minimum(x, 0), a.shape), slope.shape)


@differentiable(prelu_gradient, tensors=2)
def prelu(x, slope):
    """max(0, x) + a min(0, x), the slope a learned: one for each channel (last axis) or one shared.

    He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers.

    >>> prelu(tf.constant([[-2.0, -2.0]]), tf.constant([0.25, 0.5])).numpy().tolist()
    [[-0.5, -1.0]]
    """
    # h = max(0, x) + a min(0, x)
    return tf.maximum(x, 0) + _along_channels(slope, x) * tf.minimum(x, 0)


@keras.saving.register_keras_serializable("tf_impl")
class PReLU(keras.layers.Layer):
    """Layer of prelu, its slopes `alpha` learned: one for each channel (last axis) or one shared.

    keras.layers.PReLU has one slope for each element of a sample unless told to share, and starts
    at 0.
    """

    def __init__(self, channels=1, initial_slope=0.25, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.initial_slope = initial_slope

    def build(self, input_shape):
        slope = keras.initializers.Constant(self.initial_slope)
        self.alpha = self.add_weight(shape=(self.channels,), initializer=slope, name="alpha")

    def call(self, x):
        return prelu(x, self.alpha)

    def get_config(self):
        options = {"channels": self.channels, "initial_slope": self.initial_slope}
        return {**super().get_config(), **options}


def _along_channels(slope, x):
    # channels lie on the last axis, along which slopes broadcast; a 0-d tensor has no axis
    return slope if x.shape.rank else tf.reshape(slope, ())


def sigmoid_gradient(g, h, x):
    # σ' is even: h = σ(−|x|) ≤ 1/2, where 1 − h does not cancel
    e = tf.exp(-tf.abs(x))
    h = e / (1 + e)
    # g_x = g ⊙ h ⊙ (1 − h)
    return g * h * (1 - h)


@differentiable(sigmoid_gradient)
def sigmoid(x):
    """1 / (1 + e^−x). For large −x, e^−x is ∞ and 1/∞ is the 0 that is meant.

    >>> sigmoid(tf.constant([-200.0, 0.0, 200.0])).numpy().tolist()
    [0.0, 0.5, 1.0]
    """
    # h = 1 / (1 + e^−x)
    return 1 / (1 + tf.exp(-x))


@keras.saving.register_keras_serializable("tf_impl")
class Sigmoid(keras.layers.Layer):
    """Layer of sigmoid: 1 / (1 + e^−x)."""

    def call(self, x):
        return sigmoid(x)


def tanh_gradient(g, h, x):
    # 1 − tanh²(x) = 4 σ(2x)(1 − σ(2x)), which keeps its digits where tanh(x) rounds to 1
    # g_x = g ⊙ (1 − h²)
    return sigmoid_gradient(4 * g, h, 2 * x)


@differentiable(tanh_gradient)
def tanh(x):
    """(e^x − e^−x) / (e^x + e^−x), by the framework's primitive: the quotient itself overflows.

    >>> tanh(tf.constant([0.0, 200.0])).numpy().tolist()
    [0.0, 1.0]
    """
    # h = (e^x − e^−x) / (e^x + e^−x)
    return tf.tanh(x)


@keras.saving.register_keras_serializable("tf_impl")
class Tanh(keras.layers.Layer):
    """Layer of tanh: (e^x − e^−x) / (e^x + e^−x)."""

    def call(self, x):
        return tanh(x)


def hard_tanh_gradient(g, h, x):
    # g_x = g ⊙ I(−1 < x < 1)
    return g * is_positive(1 - tf.abs(x))


@differentiable(hard_tanh_gradient)
def hard_tanh(x):
    """x clipped to [−1, 1]. The derivative at both kinks is 0: the notes' inequalities are strict.

    >>> hard_tanh(tf.constant([-3.0, 0.5, 3.0])).numpy().tolist()
    [-1.0, 0.5, 1.0]
    """
    # h = min(max(x, −1), 1)
    return tf.clip_by_value(x, -1, 1)


@keras.saving.register_keras_serializable("tf_impl")
class HardTanh(keras.layers.Layer):
    """Layer of hard_tanh: x clipped to [−1, 1]."""

    def call(self, x):
        return hard_tanh(x)


def softmax_gradient(g, h, x, axis):
    # g_x = h ⊙ (g − Σ g ⊙ h), from the Jacobian h_i(1 − h_i), −h_i h_j
    return h * (g - tf.reduce_sum(g * h, axis, keepdims=True))


@differentiable(softmax_gradient)
def softmax(x, axis=-1):
    """e^x_i / Σ e^x_j along an axis, which the shift by max x leaves unchanged.

    A row of −∞ alone, or one holding +∞ or NaN, gives NaN, as in both frameworks.

    >>> softmax(tf.constant([[1e4, 1e4, -1e4]])).numpy().tolist()
    [[0.5, 0.5, 0.0]]
    """
    # e_i = e^(x_i − max x)
    e = tf.exp(x - tf.reduce_max(x, axis, keepdims=True))
    # h_i = e_i / Σ e_j
    return e / tf.reduce_sum(e, axis, keepdims=True)


@keras.saving.register_keras_serializable("tf_impl")
class Softmax(keras.layers.Layer):
    """Layer of softmax: e^x_i / Σ e^x_j along one axis."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, x):
        return softmax(x, self.axis)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def log_softmax_gradient(g, h, x, axis):
    # g_x = g − softmax(x) ⊙ Σ g, where softmax(x) = e^h
    return g - tf.exp(h) * tf.reduce_sum(g, axis, keepdims=True)


@differentiable(log_softmax_gradient)
def log_softmax(x, axis=-1):
    """x − log Σ e^x_j along an axis: the logarithm of softmax, finite where softmax rounds to 0.

    >>> log_softmax(tf.constant([[1e4, -1e4]])).numpy().tolist()
    [[0.0, -20000.0]]
    """
    # z = x − max x
    z = x - tf.reduce_max(x, axis, keepdims=True)
    # h = z − log Σ e^z_j
    return z - tf.math.log(tf.reduce_sum(tf.exp(z), axis, keepdims=True))


@keras.saving.register_keras_serializable("tf_impl")
class LogSoftmax(keras.layers.Layer):
    """Layer of log_softmax: x − log Σ e^x_j along one axis."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, x):
        return log_softmax(x, self.axis)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def maxout_gradient(g, h, x, pieces):
    groups = _groups(x, pieces)
    winner = tf.argmax(tf.cast(groups == h[..., None], tf.int32), axis=-1)
    # g to the winner, 0 elsewhere; argmax takes the first of tied winners
    g_x = g[..., None] * tf.one_hot(winner, pieces, dtype=g.dtype)
    return tf.reshape(g_x, tf.shape(x))


@differentiable(maxout_gradient)
def maxout(x, pieces):
    """The largest of each run of `pieces` neighbours on the last axis: (…, D) to (…, D / pieces).

    A tie gives the whole gradient to the first winner (tf.reduce_max would share it out). Raises
    ValueError if pieces does not divide D.

    Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, Maxout Networks.

    >>> maxout(tf.constant([[1.0, 5.0, 3.0, 2.0]]), pieces=2).numpy().tolist()
    [[5.0, 3.0]]
    """
    groups = _groups(x, pieces)
    # h = max over the pieces
    h = tf.reduce_max(groups, axis=-1)
    # XLA's reduce_max loses NaN
    holds_nan = tf.reduce_any(tf.math.is_nan(groups), axis=-1)
    return tf.where(holds_nan, tf.constant(math.nan, h.dtype), h)


@keras.saving.register_keras_serializable("tf_impl")
class Maxout(keras.layers.Layer):
    """Layer of maxout: the largest of each run of pieces, (…, D) to (…, D / pieces)."""

    def __init__(self, pieces, **kwargs):
        super().__init__(**kwargs)
        self.pieces = pieces

    def call(self, x):
        return maxout(x, self.pieces)

    def get_config(self):
        return {**super().get_config(), "pieces": self.pieces}


def _groups(x, pieces):
    features = x.shape[-1] if len(x.shape) else 1
    if pieces < 1 or features % pieces:
        raise ValueError(f"maxout needs pieces that divide the last axis: {features} by {pieces}")
    leading = [tf.shape(x)[i] if n is None else n for i, n in enumerate(x.shape[:-1])]
    return tf.reshape(x, (*leading, features // pieces, pieces))


def softplus_gradient(g, h, x):
    # g_x = g ⊙ σ(x)
    return g * sigmoid(x)


@differentiable(softplus_gradient)
def softplus(x):
    """log(1 + e^x) = max(0, x) + log(1 + e^−|x|). Dugas, Bengio, Bélisle, Nadeau & Garcia 2001.

    torch's built-in switches to x at 20, where the true value is still 2e−9 larger.

    >>> softplus(tf.constant([0.0, 200.0])).numpy().round(4).tolist()
    [0.6930999755859375, 200.0]
    """
    # h = max(0, x) + log(1 + e^−|x|)
    return tf.maximum(x, 0) + tf.math.log1p(tf.exp(-tf.abs(x)))


@keras.saving.register_keras_serializable("tf_impl")
class Softplus(keras.layers.Layer):
    """Layer of softplus: log(1 + e^x)."""

    def call(self, x):
        return softplus(x)


def elu_gradient(g, h, x, alpha):
    positive = is_positive(x)
    # g_x = g ⊙ (1 where x > 0, else α e^x)
    return g * (positive + alpha * tf.exp(tf.minimum(x, 0)) * (1 - positive))


@differentiable(elu_gradient)
def elu(x, alpha=1.0):
    """x where x > 0, else α(e^x − 1). α at x = 0. Clevert, Unterthiner & Hochreiter 2016.

    tf.nn.elu computes e^x − 1 as written and returns 0 for −1e−8; here it is −1e−8.

    >>> elu(tf.constant([-1e-8, 2.0])).numpy().tolist()
    [-9.99999993922529e-09, 2.0]
    """
    # h = max(0, x) + α(e^min(0, x) − 1)
    return tf.maximum(x, 0) + alpha * tf.math.expm1(tf.minimum(x, 0))


@keras.saving.register_keras_serializable("tf_impl")
class ELU(keras.layers.Layer):
    """Layer of elu: x where x > 0, else α(e^x − 1)."""

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, x):
        return elu(x, self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


def gelu_gradient(g, h, x):
    # Φ(x) = erfc(−x/√2)/2, φ(x) = e^−x²/2 / √(2π)
    cdf = 0.5 * tf.math.erfc(-math.sqrt(0.5) * x)
    pdf = math.sqrt(0.5 / math.pi) * tf.exp(-0.5 * x * x)
    # g_x = g ⊙ (Φ(x) + x φ(x))
    return g * (cdf + x * pdf)


@differentiable(gelu_gradient)
def gelu(x):
    """x Φ(x), Φ the normal distribution function; not the tanh approximation. NaN at −∞.

    Hendrycks & Gimpel 2016, Gaussian Error Linear Units. tf.nn.gelu rounds 1/√2 to float32 in
    float64; torch's 1 + erf loses the left tail, which erfc keeps.

    >>> gelu(tf.constant([-1.0, 0.0, 100.0])).numpy().round(4).tolist()
    [-0.15870000422000885, 0.0, 100.0]
    """
    # h = x Φ(x) = x erfc(−x/√2) / 2
    return 0.5 * x * tf.math.erfc(-math.sqrt(0.5) * x)


@keras.saving.register_keras_serializable("tf_impl")
class GELU(keras.layers.Layer):
    """Layer of gelu: x Φ(x)."""

    def call(self, x):
        return gelu(x)


def silu_gradient(g, h, x):
    # g_x = g ⊙ σ(x) ⊙ (1 + x σ(−x))
    return g * sigmoid(x) * (1 + x * sigmoid(-x))


@differentiable(silu_gradient)
def silu(x):
    """x σ(x) = x / (1 + e^−x), also called swish. NaN at −∞. Elfwing, Uchibe & Doya 2018.

    >>> silu(tf.constant([0.0, 200.0])).numpy().tolist()
    [0.0, 200.0]
    """
    # h = x / (1 + e^−x)
    return x / (1 + tf.exp(-x))


@keras.saving.register_keras_serializable("tf_impl")
class SiLU(keras.layers.Layer):
    """Layer of silu: x σ(x)."""

    def call(self, x):
        return silu(x)
