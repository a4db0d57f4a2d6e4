"""Preprocessing: statistics and functions equal the reference, and do what they are for."""

import numpy as np
import pytest

from parity_tests.preprocessing_cases import (
    ROWS,
    SPLITS,
    covariance_error,
    errors,
    fitted,
    held,
    module,
)
from shared.comparison import compare, gamma, unit_roundoff
from shared.reference import preprocessing as reference

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.layer)
by_columns = pytest.mark.parametrize("row", ROWS[:3], ids=lambda row: row.layer)
every_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
CASES = [(row, name) for row in ROWS for name in SPLITS
         if (row.layer, name) != ("PCAWhitening", "one row")]  # fmt: skip
every_case = pytest.mark.parametrize(
    ("row", "name"), CASES, ids=[f"{row.layer}, {name}" for row, name in CASES]
)


@every_dtype
@every_case
def test_the_statistics_are_those_of_the_reference(half, row, name, dtype):
    x = SPLITS[name].astype(dtype).astype(np.float64)
    found = held(half, fitted(half, row, x, dtype))
    for (statistic, value), expected in zip(found.items(), row.statistics(x), strict=True):
        assert value.dtype == dtype
        rounded = unit_roundoff(dtype) * np.abs(expected)
        bound = 2 * errors(row, x)[statistic] + rounded + np.finfo(dtype).tiny
        worst = compare(value, expected, bound, dtype)
        assert worst.agrees, f"{statistic}: {worst}"


def assert_function(half, mode, row, name, dtype):
    x = SPLITS[name].astype(dtype)
    statistics = [np.asarray(s, dtype) for s in row.statistics(x.astype(np.float64))]
    function = half.framework.compiled(getattr(module(half), row.function), mode)
    found = half.framework.array(function(*map(half.framework.tensor, (x, *statistics))))
    wide = [np.float64(values) for values in (x, *statistics)]
    expected = getattr(reference, row.function)(*wide)
    assert found.dtype == dtype
    worst = compare(found, expected, row.size(dtype, *wide), dtype)
    assert worst.agrees, worst


@every_dtype
@every_case
def test_the_functions_are_those_of_the_reference(half, row, name, dtype):
    assert_function(half, "eager", row, name, dtype)


@pytest.mark.parametrize("mode", ["graph", "compiled"], indirect=True)
@every_row
def test_the_functions_are_those_of_the_reference_where_they_are_captured(half, mode, row):
    assert_function(half, mode, row, "constant columns", "float32")


@by_columns
@pytest.mark.parametrize("name", ["constant columns", "one row", "digits"])
def test_a_constant_column_comes_out_as_0(half, row, name):
    for dtype in ("float32", "float64"):
        x = SPLITS[name]
        layer = fitted(half, row, x, dtype)
        h = half.framework.array(layer(half.framework.tensor(x.astype(dtype))))
        constant = x.min(0) == x.max(0)
        assert constant.any()
        assert (h[:, constant] == 0).all()
        assert np.isfinite(h).all()
        assert np.abs(h[:, ~constant]).any(0).all()


def test_standardized_columns_have_mean_0_and_variance_1(half):
    x = SPLITS["digits"]
    h = half.framework.array(fitted(half, ROWS[1], x)(half.framework.tensor(x)))
    varies = x.std(0) > 0
    bound = (2 * errors(ROWS[1], x)["stddev"] / np.where(varies, x.std(0), 1)) + gamma(9, "float64")
    assert compare(h.mean(0), 0 * bound, bound, "float64").agrees
    assert compare(h.std(0), varies * 1.0, 2 * bound, "float64").agrees


def test_scaled_columns_run_from_0_to_1_and_beyond_on_other_rows(half):
    x = SPLITS["home prices"]
    layer = fitted(half, ROWS[2], x)
    h = half.framework.array(layer(half.framework.tensor(x)))
    assert (h.min(0) == 0).all() and (h.max(0) == 1).all()
    beyond = half.framework.array(layer(half.framework.tensor(x[:1] * 0 + [[1e4, -1.0]])))
    assert beyond[0, 0] > 1 and beyond[0, 1] < 0


@pytest.mark.parametrize("name", ["digits", "insurance", "far from 0", "constant columns"])
def test_whitened_features_are_uncorrelated_and_of_variance_1(half, name):
    x = SPLITS[name]
    h = half.framework.array(fitted(half, ROWS[3], x)(half.framework.tensor(x)))
    mean, V, variances = reference.principal_directions(x)
    # the covariance is off by E in the scale of x; each h by γ of its terms, of size `terms`
    root = np.sqrt(variances)
    terms = np.sqrt(np.mean((np.abs(x - mean) @ np.abs(V) / root) ** 2, 0))
    bound = 2 * covariance_error(x) / np.outer(root, root)
    bound = bound + 2 * gamma(len(x) + len(mean) + 6, "float64") * np.outer(terms, terms)
    covariance = h.T @ h / len(x)
    worst = compare(covariance, np.eye(len(variances)), bound, "float64")
    assert worst.agrees, worst


def test_low_variance_directions_are_dropped(half):
    x = SPLITS["digits"]
    share = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1] / x.var(0).sum()
    rounding = 64 * np.finfo(np.float64).eps
    for ratio in (0.0, 1e-6, 1e-3, 0.1):
        layer = module(half).PCAWhitening(min_variance_ratio=ratio)
        getattr(layer, "adapt", getattr(layer, "fit", None))(x)
        assert layer.directions.shape == (64, np.sum(share >= max(ratio, rounding)))
    # 5 pixels are never lit in these rows, and one only ever in proportion to another
    assert np.sum(share >= rounding) == np.linalg.matrix_rank(x - x.mean(0)) < 60
    with pytest.raises(ValueError, match="min_variance_ratio from 0 to 1, got 1"):
        module(half).PCAWhitening(min_variance_ratio=1)


def test_the_first_largest_component_of_a_direction_is_positive(half):
    for x in SPLITS.values():
        if len(x) == 1:
            continue
        V = held(half, fitted(half, ROWS[3], x))["directions"]
        size = np.abs(V)
        first = np.argmax(size >= (1 - 1e-6) * size.max(0), axis=0)
        assert (V[first, np.arange(V.shape[1])] > 0).all()


def test_of_components_as_large_the_first_is_positive_whatever_rounding_makes_of_them(half):
    for draw in range(20):
        rows = np.random.default_rng(draw).normal(size=(7, 2))
        x = np.concatenate([rows, rows[:, ::-1]])  # so the directions are (1, 1) and (1, −1)
        assert (held(half, fitted(half, ROWS[3], x))["directions"][0] > 0).all()
