"""The moments of drawn weights: mean, variance and range are those that the papers state."""

import math

import keras
import numpy as np
import pytest

from parity_tests.initializer_cases import BY_NAME
from shared.comparison import gamma

# what the papers ask for: the variance of weights with these fans
VARIANCE = {
    "random_normal": lambda fan_in, fan_out: 0.3**2,
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "lecun_normal": lambda fan_in, fan_out: 1 / fan_in,
}
FANS = {  # of a dense layer, of convolutions in one and two dimensions, of a vector
    (400, 300): (400, 300),
    (5, 80, 200): (400, 1000),
    (3, 3, 64, 128): (576, 1152),
    (50_000,): (50_000, 50_000),
}


def assert_moments(W, mean, variance, kurtosis):
    """Within 5 standard errors: σ/√N of the mean, σ²√((κ − 1)/N) of the variance."""
    errors = math.sqrt(variance / W.size), variance * math.sqrt((kurtosis - 1) / W.size)
    found = np.array([W.mean() - mean, W.var() - variance])
    assert (np.abs(found) < 5 * np.array(errors)).all(), found / errors


@pytest.mark.parametrize("shape", FANS, ids=str)
@pytest.mark.parametrize("name", VARIANCE)
def test_moments_and_range_are_those_stated(half, name, shape):
    row, variance = BY_NAME[name], VARIANCE[name](*FANS[shape])
    W, uniform = row.made(half, shape), row.kind == "uniform"
    assert_moments(W, row.options.get("mean", 0), variance, kurtosis=1.8 if uniform else 3)
    largest = np.abs(W - row.options.get("mean", 0)).max() / math.sqrt(variance)
    # of N numbers: uniform ones all fall 20/N of their range short of its end once in e^20 times,
    # normal ones all stay within 3.5 σ once in e^23 times, for the least N here
    low, high = (1 - 40 / W.size, 1 + gamma(8, "float64")) if uniform else (3.5, np.inf)
    assert low < (largest / math.sqrt(3) if uniform else largest) <= high


@pytest.mark.parametrize("name", ["glorot_normal", "he_normal", "lecun_normal"])
def test_keras_truncates_where_these_do_not_at_the_same_variance(name):
    W = getattr(keras.initializers, name)(seed=1)((400, 300), "float64").numpy()
    variance = VARIANCE[name](400, 300)
    assert_moments(W, 0, variance, kurtosis=3)  # truncated, its kurtosis is less
    assert np.abs(W).max() <= 2 * math.sqrt(variance) / 0.8796
