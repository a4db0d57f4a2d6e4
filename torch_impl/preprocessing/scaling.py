"""Column by column: centered, standardized, or scaled to [0, 1].

    x  features, (…, D); (n, D) where statistics are taken    h  of the same shape
    μ  mean of each column    σ  its standard deviation, of n and not n − 1

Source: the course notes (feature preprocessing).
"""

import torch

from torch_impl.layers.linear import expect
from torch_impl.preprocessing.base import _Preprocessing, column_means, or_infinite


def column_deviations(x):
    """(μ, σ)."""
    (mean,) = column_means(x)
    # σ = √(Σ (x − μ)² / n)
    return mean, torch.sqrt(torch.sum((x - mean) ** 2, 0) / len(x))


def column_ranges(x):
    """(least, greatest) of each column."""
    return torch.amin(x, 0), torch.amax(x, 0)


def mean_centering(x, mean):
    """x − μ.

    >>> mean_centering(torch.tensor([[1.0], [2.0]]), torch.tensor([1.5])).tolist()
    [[-0.5], [0.5]]
    """
    expect("mean_centering", "a mean for each feature,", x.shape[-1:], mean.shape)
    # h = x − μ
    return x - mean


def standardization(x, mean, std):
    """(x − μ) / σ, and 0 where σ = 0.

    >>> mean, std = torch.tensor([1.0, 1.0]), torch.tensor([4.0, 0.0])
    >>> standardization(torch.tensor([[3.0, 1.0]]), mean, std).tolist()
    [[0.5, 0.0]]
    """
    expect("standardization", "a mean for each feature,", x.shape[-1:], mean.shape)
    # h = (x − μ) / σ
    return (x - mean) / or_infinite(std)


def min_max_scaling(x, minimum, maximum):
    """(x − least) / (greatest − least), and 0 where these are equal.

    From 0 to 1 on the training split; what lies outside its range there stays outside here.

    >>> minimum, maximum = torch.tensor([2.0]), torch.tensor([4.0])
    >>> min_max_scaling(torch.tensor([[2.0], [3.5], [5.0]]), minimum, maximum).tolist()
    [[0.0], [0.75], [1.5]]
    """
    expect("min_max_scaling", "a least value for each feature,", x.shape[-1:], minimum.shape)
    # h = (x − least) / (greatest − least)
    return (x - minimum) / or_infinite(maximum - minimum)


class MeanCentering(_Preprocessing):
    """Module of mean_centering, by the mean of the training split."""

    def estimate(self, x):
        return column_means(x)

    def transform(self, x, mean):
        return mean_centering(x, mean)


class Standardization(_Preprocessing):
    """Module of standardization, by the mean and standard deviation of the training split.

    torch has none of its own; nn.BatchNorm1d takes these statistics anew of every batch.

    >>> module = Standardization().fit([[1, 7], [3, 7]])
    >>> module(torch.tensor([[2, 7], [5, 7]])).tolist()
    [[0.0, 0.0], [3.0, 0.0]]
    """

    statistics = ("mean", "std")

    def estimate(self, x):
        return column_deviations(x)

    def transform(self, x, mean, std):
        return standardization(x, mean, std)


class MinMaxScaling(_Preprocessing):
    """Module of min_max_scaling, by the least and greatest value of the training split."""

    statistics = ("minimum", "maximum")

    def estimate(self, x):
        return column_ranges(x)

    def transform(self, x, minimum, maximum):
        return min_max_scaling(x, minimum, maximum)
