"""Feature preprocessing in float64: the oracle that both halves are measured against.

    x   rows of features, (n, D) where statistics are taken of them, else (…, D)
    μ   mean of each column    σ  its standard deviation, of n and not n − 1    λ  variances

Statistics are of the training split alone, and constants afterwards. A column is constant if its
least and greatest value are equal; it then has exactly that mean and σ = 0, whatever rounding would
make of the sum, and comes out as 0.

Source: the course notes (feature preprocessing); Pearson 1901 (principal components).
"""

import numpy as np

# a direction's components count as equally large within this share: far above rounding, and hardly
# ever met by chance
TIE = 2.0**-20


def column_means(x):
    """(μ,)."""
    low, high = column_ranges(x)
    return (np.where(low == high, low, np.sum(x, 0) / len(x)),)


def column_deviations(x):
    """(μ, σ), σ = √(Σ (x − μ)² / n)."""
    (mean,) = column_means(x)
    return mean, np.sqrt(np.sum((x - mean) ** 2, 0) / len(x))


def column_ranges(x):
    """(least, greatest) of each column."""
    return np.min(x, 0), np.max(x, 0)


def principal_directions(x, min_variance_ratio=1e-6):
    """(μ, V, λ): directions V (D, k) of greatest variance λ (k,), the greatest first.

    Eigenvectors of the covariance (x − μ)ᵀ (x − μ) / n; those with less than min_variance_ratio of
    the sum of all variances are dropped, as are those with less than rounding makes of none. The
    first of a direction's largest components is positive.
    """
    (mean,) = column_means(x)
    d = x - mean
    variances, V = np.linalg.eigh(d.T @ d / len(x))
    variances, V = variances[::-1], V[:, ::-1]
    least = max(min_variance_ratio, len(V) * np.finfo(np.float64).eps)
    kept = (variances >= least * np.sum(variances)) & (variances > 0)
    return mean, signed(V[:, kept]), variances[kept]


def signed(V):
    """The columns of V, each with its first largest component (within TIE) positive."""
    size = np.abs(V)
    largest = size >= (1 - TIE) * np.max(size, 0)
    first = largest & (np.cumsum(largest, 0) == 1)
    return V * np.where(np.sum(V * first, 0) < 0, -1, 1)


def mean_centering(x, mean):
    """x − μ."""
    return x - mean


def standardization(x, mean, stddev):
    """(x − μ) / σ, and 0 where σ = 0."""
    return (x - mean) / np.where(stddev == 0, np.inf, stddev)


def min_max_scaling(x, minimum, maximum):
    """(x − least) / (greatest − least), and 0 where these are equal."""
    span = maximum - minimum
    return (x - minimum) / np.where(span == 0, np.inf, span)


def pca_whitening(x, mean, directions, variances):
    """(x − μ) V / √λ: uncorrelated, each of variance 1 on the training split."""
    return (x - mean) @ directions / np.sqrt(variances)
