"""Column by column: centered, standardized, or scaled to [0, 1].

    x  features, (…, D); (n, D) where statistics are taken    h  of the same shape
    μ  mean of each column    σ  its standard deviation, of n and not n − 1

Source: the course notes (feature preprocessing).
"""

import keras
import tensorflow as tf

from tf_impl.layers.linear import expect
from tf_impl.preprocessing.base import _Preprocessing, column_means, or_infinite


def column_deviations(x):
    """(μ, σ)."""
    (mean,) = column_means(x)
    # σ = √(Σ (x − μ)² / n)
    return mean, tf.sqrt(tf.reduce_sum((x - mean) ** 2, 0) / len(x))


def column_ranges(x):
    """(least, greatest) of each column."""
    return tf.reduce_min(x, 0), tf.reduce_max(x, 0)


def mean_centering(x, mean):
    """x − μ.

    >>> mean_centering(tf.constant([[1.0], [2.0]]), tf.constant([1.5])).numpy().tolist()
    [[-0.5], [0.5]]
    """
    expect("mean_centering", "a mean for each feature,", x.shape[-1:], mean.shape)
    # h = x − μ
    return x - mean


def standardization(x, mean, stddev):
    """(x − μ) / σ, and 0 where σ = 0.

    >>> mean, stddev = tf.constant([1.0, 1.0]), tf.constant([4.0, 0.0])
    >>> standardization(tf.constant([[3.0, 1.0]]), mean, stddev).numpy().tolist()
    [[0.5, 0.0]]
    """
    expect("standardization", "a mean for each feature,", x.shape[-1:], mean.shape)
    # h = (x − μ) / σ
    return (x - mean) / or_infinite(stddev)


def min_max_scaling(x, minimum, maximum):
    """(x − least) / (greatest − least), and 0 where these are equal.

    From 0 to 1 on the training split; what lies outside its range there stays outside here.

    >>> minimum, maximum = tf.constant([2.0]), tf.constant([4.0])
    >>> min_max_scaling(tf.constant([[2.0], [3.5], [5.0]]), minimum, maximum).numpy().tolist()
    [[0.0], [0.75], [1.5]]
    """
    expect("min_max_scaling", "a least value for each feature,", x.shape[-1:], minimum.shape)
    # h = (x − least) / (greatest − least)
    return (x - minimum) / or_infinite(maximum - minimum)


@keras.saving.register_keras_serializable("tf_impl")
class MeanCentering(_Preprocessing):
    """Layer of mean_centering, by the mean of the training split."""

    def estimate(self, x):
        return column_means(x)

    def transform(self, x, mean):
        return mean_centering(x, mean)


@keras.saving.register_keras_serializable("tf_impl")
class Standardization(_Preprocessing):
    """Layer of standardization, by the mean and standard deviation of the training split.

    As keras.layers.Normalization, which keeps variances and takes constant columns for any others.

    >>> layer = Standardization()
    >>> layer.adapt([[1, 7], [3, 7]])
    >>> layer(tf.constant([[2, 7], [5, 7]])).numpy().tolist()
    [[0.0, 0.0], [3.0, 0.0]]
    """

    statistics = ("mean", "stddev")

    def estimate(self, x):
        return column_deviations(x)

    def transform(self, x, mean, stddev):
        return standardization(x, mean, stddev)


@keras.saving.register_keras_serializable("tf_impl")
class MinMaxScaling(_Preprocessing):
    """Layer of min_max_scaling, by the least and greatest value of the training split."""

    statistics = ("minimum", "maximum")

    def estimate(self, x):
        return column_ranges(x)

    def transform(self, x, minimum, maximum):
        return min_max_scaling(x, minimum, maximum)
