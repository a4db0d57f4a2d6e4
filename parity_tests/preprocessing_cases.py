"""The preprocessing as plain data: classes, their functions, and training splits to fit them on."""

from importlib import import_module
from typing import NamedTuple

import numpy as np

from shared.bounds import Evaluated
from shared.catalogue import PREPROCESSING
from shared.comparison import gamma, unit_roundoff
from shared.data import load_digits, load_home_prices, load_insurance
from shared.reference import preprocessing as reference


class Row(NamedTuple):
    """A class, the functions that take its statistics and that use them, and the latter's bound."""

    layer: str
    estimate: str
    function: str
    bound: object

    def statistics(self, x):
        return getattr(reference, self.estimate)(x)

    def size(self, dtype, x, *statistics):
        """How far a party may be from the reference at these very statistics."""
        function = getattr(reference, self.function)
        at = Evaluated(function, (x, *statistics), function(x, *statistics))
        return self.bound.size(at, dtype) + self.bound.size(at, "float64")


BOUNDS = {concept.name: concept.bounds["h"] for concept in PREPROCESSING}
ROWS = tuple(
    Row(layer, estimate, function, BOUNDS[function])
    for layer, estimate, function in (
        ("MeanCentering", "column_means", "mean_centering"),
        ("Standardization", "column_deviations", "standardization"),
        ("MinMaxScaling", "column_ranges", "min_max_scaling"),
        ("PCAWhitening", "principal_directions", "pca_whitening"),
    )
)

rng = np.random.default_rng(3)
SPLITS = {
    "digits": load_digits()[0][:600],  # three pixels are never lit
    "insurance": load_insurance(("age", "affordability"))[0],
    "home prices": load_home_prices()[0],
    "far from 0": 1e6 + rng.normal(size=(50, 3)) * [1.0, 100.0, 1e-2],
    "constant columns": np.column_stack([np.full(30, 0.1), rng.normal(size=30), np.full(30, -7.3)]),
    "one row": np.array([[0.1, -2.0, 1e6]]),
    "equal variances": np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.5], [0.5, 1.0]]),
    "fewer rows than columns": rng.normal(size=(4, 9)),
}


def module(half):
    """The half's preprocessing."""
    return import_module(f"{half.framework.__name__.split('.')[0]}.preprocessing")


def fitted(half, row, x, dtype="float64"):
    """The half's layer or module, its statistics taken of x and kept in the dtype."""
    kind = getattr(module(half), row.layer)
    if half.framework.NAME == "TensorFlow":
        layer = kind(dtype=dtype)
        layer.adapt(x)
        return layer
    return kind().fit(half.framework.tensor(np.asarray(x, dtype)))


def held(half, layer):
    """Name -> statistic, in the words of Keras."""
    words = {"std": "stddev"}
    values = ((name, getattr(layer, name)) for name in layer.statistics)
    return {words.get(name, name): half.framework.array(value) for name, value in values}


def mean_error(x):
    """How far the mean of each column may be off: n additions and a division."""
    return gamma(len(x) + 1, "float64") * np.abs(x).mean(0)


def errors(row, x):
    """Statistic -> how far a party computing in float64 may be from what is exact."""
    if row.layer == "PCAWhitening":
        return whitening_errors(x)
    deviation = x.std(0)
    return {
        "mean": mean_error(x),
        # moving the mean by e moves σ by at most e; then n + 4 roundings
        "stddev": mean_error(x) + gamma(len(x) + 4, "float64") * deviation,
        "minimum": 0 * deviation,
        "maximum": 0 * deviation,
    }


def covariance_error(x):
    """How far, in norm, the covariance that a party decomposes may be from the exact one.

    Its sums have n + 3 roundings, of terms whose sum is at most the trace; a mean off by e adds
    e eᵀ; and the decomposition is that of a matrix displaced by γ of D² (the theorem's constant
    taken as 1; Higham, section 19.3, for the reflections it begins with).
    """
    trace = x.var(0).sum()
    return gamma(len(x) + 3 + x.shape[1] ** 2, "float64") * trace + np.sum(mean_error(x) ** 2)


def whitening_errors(x):
    """Variances move by at most E = ‖δC‖ (Weyl), a direction by √2 · 2 E / gap (Davis & Kahan)."""
    E = covariance_error(x)
    _, V, variances = reference.principal_directions(x)
    everything = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    k, D = len(variances), len(everything)
    apart = np.abs(everything[:, None] - variances)
    apart[np.arange(k), np.arange(k)] = np.inf
    gap = apart.min(0) if D > 1 else np.array([np.inf])
    turned = 2 * np.sqrt(2) * E / np.maximum(gap, np.finfo(np.float64).tiny)
    return {
        "mean": mean_error(x),
        "directions": np.broadcast_to(turned, V.shape) + 2 * unit_roundoff("float64"),
        "variances": np.full(k, E),
    }
