"""Normalization: values standardized over the batch or over each sample, then scaled and moved.

    x  input, channels on the last axis      γ, β  gamma and beta, learned
    μ = mean x, v = mean (x − μ)², x̂ = (x − μ) / √(v + ε), h = γ x̂ + β  output
    g  upstream gradient ∂L/∂h; name_gradient(g, h, x, …) = ∂L/∂x, ∂L/∂γ, ∂L/∂β

Shapes that do not agree raise ValueError.

Source: Ioffe & Szegedy 2015, Batch Normalization; Ba, Kiros & Hinton 2016, Layer Normalization.
"""

import keras
import tensorflow as tf

from tf_impl.framework import differentiable, sum_to
from tf_impl.layers.linear import expect


def _standardized(x, axis, epsilon):
    """(x̂, 1/√(v + ε)), means taken over these axes."""
    # d = x − μ
    d = x - tf.reduce_mean(x, axis, keepdims=True)
    # v = mean d²
    v = tf.reduce_mean(d * d, axis, keepdims=True)
    # r = 1 / √(v + ε)
    r = 1 / tf.sqrt(v + epsilon)
    return d * r, r


def _standardized_gradient(g, x_hat, r, axis):
    """∂/∂x Σ g ⊙ x̂: the upstream gradient, less what passes through μ, less what through v."""
    mean_g = tf.reduce_mean(g, axis, keepdims=True)
    mean_gx = tf.reduce_mean(g * x_hat, axis, keepdims=True)
    # g_x = r (g − mean g − x̂ mean(g ⊙ x̂))
    return r * (g - mean_g - x_hat * mean_gx)


def batch_norm_gradient(g, h, x, gamma, beta, epsilon):
    axis = _all_but_channels(x)
    x_hat, r = _standardized(x, axis, epsilon)
    g_x = _standardized_gradient(gamma * g, x_hat, r, axis)
    # g_γ = Σ g ⊙ x̂, g_β = Σ g
    return g_x, tf.reduce_sum(g * x_hat, axis), tf.reduce_sum(g, axis)


@differentiable(batch_norm_gradient, tensors=3)
def batch_norm(x, gamma, beta, epsilon):
    """γ x̂ + β, each channel (last axis) standardized by its mean and variance over all the rest.

    >>> x, one = tf.constant([[1.0], [3.0]]), tf.constant([1.0])
    >>> batch_norm(x, one, one, epsilon=0.0).numpy().tolist()
    [[0.0], [2.0]]
    """
    _expect_channels("batch_norm", x, gamma, beta)
    x_hat, _ = _standardized(x, _all_but_channels(x), epsilon)
    # h = γ x̂ + β
    return gamma * x_hat + beta


def batch_norm_inference_gradient(g, h, x, gamma, beta, mean, variance, epsilon):
    axis = _all_but_channels(x)
    r = 1 / tf.sqrt(variance + epsilon)
    x_hat = (x - mean) * r
    # g_x = γ r g, g_γ = Σ g ⊙ x̂, g_β = Σ g
    return gamma * r * g, tf.reduce_sum(g * x_hat, axis), tf.reduce_sum(g, axis)


@differentiable(batch_norm_inference_gradient, tensors=3)
def batch_norm_inference(x, gamma, beta, mean, variance, epsilon):
    """γ (x − mean) / √(variance + ε) + β, by statistics kept from training, which are constants."""
    _expect_channels("batch_norm_inference", x, gamma, beta, mean, variance)
    x_hat = (x - mean) / tf.sqrt(variance + epsilon)
    # h = γ x̂ + β
    return gamma * x_hat + beta


def running_statistics(x, mean, variance, share, unbiased):
    """(mean, variance), each moved by `share` of the way to the batch's; an empty batch moves none.

    The batch's variance is v, or v n / (n − 1) if unbiased, n values to a channel; 0 where n is 1.
    """
    _expect_channels("running_statistics", x, mean, variance)
    axis = _all_but_channels(x)
    n = tf.cast(tf.size(x) // x.shape[-1], x.dtype)
    mu = tf.reduce_sum(x, axis) / n
    v = tf.reduce_sum((x - mu) ** 2, axis) / tf.maximum(n - 1 if unbiased else n, 1)
    # m ← (1 − s) m + s μ, and likewise for v
    new_mean, new_variance = ((1 - share) * m + share * b for m, b in ((mean, mu), (variance, v)))
    return tf.where(n > 0, new_mean, mean), tf.where(n > 0, new_variance, variance)


def _all_but_channels(x):
    return range(len(x.shape) - 1)


def _expect_channels(function, x, *parameters):
    for values in parameters:
        expect(function, "a parameter for each channel,", x.shape[-1:], values.shape)


def _no_longer_half(*tensors):
    # squares of half precision overflow
    tensors = map(tf.convert_to_tensor, tensors)
    return [tf.cast(t, tf.float32) if t.dtype in (tf.float16, tf.bfloat16) else t for t in tensors]


@keras.saving.register_keras_serializable("tf_impl")
class BatchNorm(keras.layers.Layer):
    """Layer of batch_norm in training, and by its running statistics of batch_norm_inference.

    Its weights, `gamma`, `beta`, `moving_mean`, `moving_variance`, move to and from
    keras.layers.BatchNormalization. Momentum weighs the old statistic and the variance kept is
    biased; momentum_of="new" and unbiased=True do as torch does. As in Keras, a layer that is
    not trainable uses its statistics in training too, and keeps them.
    """

    def __init__(self, momentum=0.99, epsilon=1e-3, momentum_of="old", unbiased=False, **kwargs):
        super().__init__(**kwargs)
        self.momentum, self.momentum_of = momentum, momentum_of
        self.epsilon, self.unbiased = epsilon, unbiased
        shares = {"old": 1 - momentum, "new": momentum}
        if momentum_of not in shares:
            raise ValueError(f'BatchNorm has momentum_of "old" or "new", not {momentum_of!r}')
        self.share = shares[momentum_of]

    def build(self, input_shape):
        options = {"shape": (input_shape[-1],), "autocast": False}
        state = {"trainable": False, **options}
        self.gamma = self.add_weight(initializer="ones", name="gamma", **options)
        self.beta = self.add_weight(initializer="zeros", name="beta", **options)
        self.moving_mean = self.add_weight(initializer="zeros", name="moving_mean", **state)
        self.moving_variance = self.add_weight(initializer="ones", name="moving_variance", **state)

    def call(self, x, training=False):
        wide, gamma, beta, mean, variance = _no_longer_half(
            x, self.gamma, self.beta, self.moving_mean, self.moving_variance
        )
        if training and self.trainable:
            h = batch_norm(wide, gamma, beta, self.epsilon)
            mean, variance = running_statistics(wide, mean, variance, self.share, self.unbiased)
            self.moving_mean.assign(mean)
            self.moving_variance.assign(variance)
        else:
            h = batch_norm_inference(wide, gamma, beta, mean, variance, self.epsilon)
        return tf.cast(h, x.dtype)

    def get_config(self):
        names = "momentum", "epsilon", "momentum_of", "unbiased"
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def layer_norm_gradient(g, h, x, gamma, beta, epsilon):
    axis = range(-len(gamma.shape), 0)
    x_hat, r = _standardized(x, axis, epsilon)
    g_x = _standardized_gradient(gamma * g, x_hat, r, axis)
    # g_γ = Σ g ⊙ x̂, g_β = Σ g
    return g_x, sum_to(g * x_hat, gamma.shape), sum_to(g, beta.shape)


@differentiable(layer_norm_gradient, tensors=3)
def layer_norm(x, gamma, beta, epsilon):
    """γ x̂ + β, each sample standardized by itself over the last axes, as many as γ has.

    >>> x, one = tf.constant([[1.0, 3.0]]), tf.constant([1.0, 1.0])
    >>> layer_norm(x, one, one, epsilon=0.0).numpy().tolist()
    [[0.0, 2.0]]
    """
    expect("layer_norm", "x", (*x.shape[: -len(gamma.shape)], *gamma.shape), x.shape)
    expect("layer_norm", "beta", gamma.shape, beta.shape)
    x_hat, _ = _standardized(x, range(-len(gamma.shape), 0), epsilon)
    # h = γ x̂ + β
    return gamma * x_hat + beta


@keras.saving.register_keras_serializable("tf_impl")
class LayerNorm(keras.layers.Layer):
    """Layer of layer_norm over `axis`, the last or the last few.

    Its weights, `gamma` and `beta`, move to and from keras.layers.LayerNormalization.
    """

    def __init__(self, axis=-1, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon
        self.supports_masking = True

    def build(self, input_shape):
        rank, axes = len(input_shape), [self.axis] if isinstance(self.axis, int) else self.axis
        if sorted(axis % rank for axis in axes) != list(range(rank - len(axes), rank)):
            raise ValueError(f"LayerNorm needs the last axes, got {self.axis} of {input_shape}")
        options = {"shape": input_shape[-len(axes) :], "autocast": False}
        self.gamma = self.add_weight(initializer="ones", name="gamma", **options)
        self.beta = self.add_weight(initializer="zeros", name="beta", **options)

    def call(self, x):
        wide, gamma, beta = _no_longer_half(x, self.gamma, self.beta)
        return tf.cast(layer_norm(wide, gamma, beta, self.epsilon), x.dtype)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
