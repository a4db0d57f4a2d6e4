"""Whitening by principal components: uncorrelated features of variance 1, the lowest dropped.

    x  features, (…, D); (n, D) where statistics are taken    μ  mean of each column
    V  directions of greatest variance λ (k,), the greatest first, (D, k)    h  (…, k)

Source: the course notes (feature preprocessing); Pearson 1901 (principal components).
"""

import keras
import numpy as np
import tensorflow as tf

from tf_impl.layers.linear import expect
from tf_impl.preprocessing.base import _Preprocessing, column_means

# components count as equally large within this share: far above rounding, seldom met by chance
TIE = 2.0**-20


def principal_directions(x, min_variance_ratio=1e-6):
    """(μ, V, λ), without directions of less than min_variance_ratio of the sum of all variances.

    Those with no more than rounding makes of none are dropped in any case. The first of a
    direction's largest components is positive, so that V is the same wherever it is computed. Of
    directions with equal variance only the span is determined.

    Raises ValueError if no direction is left.
    """
    (mean,) = column_means(x)
    d = x - mean
    # C = (x − μ)ᵀ (x − μ) / n
    C = tf.transpose(d) @ d / len(x)
    # V λ = C V
    variances, V = tf.linalg.eigh(C)
    variances, V = variances[::-1], V[:, ::-1]
    least = max(min_variance_ratio, len(V) * np.finfo(np.float64).eps)
    kept = (variances > 0) & (variances >= least * tf.reduce_sum(variances))
    if not tf.reduce_any(kept):
        raise ValueError(f"no direction is left to whiten: the {len(x)} rows do not differ")
    return mean, _signed(tf.boolean_mask(V, kept, axis=1)), variances[kept]


def _signed(V):
    size = tf.abs(V)
    largest = size >= (1 - TIE) * tf.reduce_max(size, 0)
    first = largest & (tf.cumsum(tf.cast(largest, tf.int32), 0) == 1)
    leading = tf.reduce_sum(tf.where(first, V, tf.zeros_like(V)), 0)
    # V ← V sign(first largest component)
    return V * tf.sign(leading)


def pca_whitening(x, mean, directions, variances):
    """(x − μ) V / √λ: uncorrelated and of variance 1 on the training split.

    >>> mean, directions = tf.zeros(2), tf.constant([[0.0, 1.0], [1.0, 0.0]])
    >>> variances = tf.constant([4.0, 1.0])
    >>> pca_whitening(tf.constant([[1.0, 6.0]]), mean, directions, variances).numpy().tolist()
    [[3.0, 1.0]]
    """
    expect("pca_whitening", "a mean for each feature,", x.shape[-1:], mean.shape)
    # h = (x − μ) V / √λ
    return tf.tensordot(x - mean, directions, 1) / tf.sqrt(variances)


@keras.saving.register_keras_serializable("tf_impl")
class PCAWhitening(_Preprocessing):
    """Layer of pca_whitening, by the principal directions of the training split.

    Each feature that comes out is one direction: k of D are left. Directions of less than
    min_variance_ratio of all variance, 1e-6 unless said, are dropped.

    >>> layer = PCAWhitening()
    >>> layer.adapt([[1, 2, 5], [3, 6, 5]])
    >>> layer(tf.constant([[2, 4, 5], [3, 6, 5]])).numpy().round(4).tolist()
    [[0.0], [1.0]]
    """

    statistics = ("mean", "directions", "variances")

    def __init__(self, min_variance_ratio=1e-6, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= min_variance_ratio < 1:
            raise ValueError(
                f"PCAWhitening needs a min_variance_ratio from 0 to 1, got {min_variance_ratio}"
            )
        self.min_variance_ratio = min_variance_ratio

    def estimate(self, x):
        return principal_directions(x, self.min_variance_ratio)

    def transform(self, x, mean, directions, variances):
        return pca_whitening(x, mean, directions, variances)

    def get_config(self):
        return {**super().get_config(), "min_variance_ratio": self.min_variance_ratio}
