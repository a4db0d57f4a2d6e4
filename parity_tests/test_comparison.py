"""Distances and bounds are what the books say, by numbers worked out by hand."""

from fractions import Fraction

import numpy as np
import pytest

from shared.comparison import (
    ORACLE_ULPS,
    Difference,
    compare,
    gamma,
    kind_of_difference,
    running_error_bound,
    sensitivity_bound,
    stands_apart,
    ulp,
    ulp_bound,
    unit_roundoff,
)

inf, nan = np.inf, np.nan
DTYPES = ["float16", "float32", "float64"]


@pytest.mark.parametrize("dtype, bits", [("float16", 11), ("float32", 24), ("float64", 53)])
def test_one_rounding_is_half_the_gap_above_1(dtype, bits):
    assert unit_roundoff(dtype) == 2.0**-bits
    assert ulp(1.0, dtype) == 2 * unit_roundoff(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_ulp_is_the_gap_to_the_next_number(dtype):
    info = np.finfo(dtype)
    exponents = np.arange(info.minexp, info.maxexp)
    values = np.ldexp(1.5, exponents).astype(dtype)
    gaps = np.nextafter(values, np.inf, dtype=dtype).astype(float) - values.astype(float)
    np.testing.assert_array_equal(ulp(values.astype(float), dtype), gaps)
    np.testing.assert_array_equal(ulp(-values.astype(float), dtype), gaps)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_ulp_stays_that_of_the_smallest_normal_number_below_it(dtype):
    smallest = np.finfo(dtype).smallest_subnormal
    assert ulp(0.0, dtype) == ulp(float(smallest), dtype) == float(smallest)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_ulp_beyond_the_largest_number_is_finite(dtype):
    largest = float(np.finfo(dtype).max)
    assert ulp(inf, dtype) == ulp(largest, dtype)
    assert ulp(largest, dtype) > 0 and np.isfinite(ulp(largest, dtype))


def test_gamma_is_n_u_over_1_less_n_u():
    for n in (1, 2, 1000):
        nu = Fraction(n, 2**24)
        assert gamma(n, "float32") == float(nu / (1 - nu))


def test_bounds_multiply_what_they_are_given():
    bound = ulp_bound(np.array([1.0, -4.0, 0.0]), "float32", 3)
    np.testing.assert_array_equal(bound, [3 * 2**-23, 3 * 2**-21, 3 * 2**-149])
    bound = running_error_bound(np.array([2.0, -6.0]), "float64", 5)
    np.testing.assert_array_equal(bound, gamma(5, "float64") * np.array([2, 6]))
    assert sensitivity_bound(np.array(10.0), 2.0, "float32", 3, 5) == 30 * 2**-24 + 5 * 2**-22


def test_the_oracle_is_held_to_4_ulp():
    assert ORACLE_ULPS == 4


def test_the_worst_place_is_the_one_that_uses_most_of_its_bound():
    left, right = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.5], [4.0, 4.0]]
    found = compare(left, right, [[1, 0.25], [1, 1]], "float32")
    assert found == Difference((0, 1), 2.0, 2.5, 0.5, 0.2, 0.5 * 2**22, 0.25, 2.0)
    assert not found.agrees


def test_of_equal_uses_the_one_of_more_ulp_is_the_worst():
    assert compare([1.5, 0.0, 64.5], [1.0, 0.0, 64.0], 0.0, "float32").index == (0,)


@pytest.mark.parametrize(
    "left, right, bound, used",
    [
        (1.0, 1.5, 0.5, 1.0),
        (1.5, 1.0, 0.5, 1.0),
        (1.0, 1.5, 0.25, 2.0),
        (1.0, 1.0, 0.0, 0.0),
        (0.0, -0.0, 0.0, 0.0),
        (1.0, 1.0 + 2**-52, 0.0, inf),
        (nan, nan, 0.0, 0.0),
        (nan, nan, nan, 0.0),
        (1.0, 2.0, nan, inf),
        (inf, inf, 0.0, 0.0),
        (-inf, -inf, nan, 0.0),
        (nan, 1.0, 1e300, inf),
        (1.0, nan, 1e300, inf),
        (inf, -inf, 1e300, inf),
        (inf, 1.0, 1e300, inf),
        (inf, nan, 1e300, inf),
        (1.0, 2.0, inf, 0.0),
        (nan, 2.0, inf, 0.0),
        (inf, nan, inf, 0.0),
    ],
)
@pytest.mark.parametrize("shape", [(), (1,), (2, 1)], ids=str)
def test_a_difference_is_measured_against_its_bound(left, right, bound, used, shape):
    found = compare(np.full(shape, left), np.full(shape, right), bound, "float32")
    assert found.used == used
    assert found.agrees == (used <= 1)


def test_nothing_differs_from_nothing():
    found = compare(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)), "float32")
    assert (found.agrees, found.index, found.absolute) == (True, (), 0)


@pytest.mark.parametrize("shape", [(2, 1), (3,), (1, 2), (0,), ()], ids=str)
def test_other_shapes_are_not_compared(shape):
    with pytest.raises(ValueError, match=r"cannot compare shapes \(2,\) and"):
        compare(np.zeros(2), np.zeros(shape), 1.0, "float32")


@pytest.mark.parametrize(
    "values, apart",
    [
        ([1, 1, 2], "c"),
        ([2, 1, 1], "a"),
        ([1, 1.25, 2], "c"),
        ([1, 1, 1], ""),
        ([1, 1, 2, 2], ""),
        ([1, 2, 3], ""),
        ([nan, 1, 1], "a"),
        ([nan, nan, 1], "c"),
        ([inf, inf, 1], "c"),
        ([inf, -inf, inf], "b"),
        ([1, 1.25, 1.5, 5], ""),  # the first and third lie apart too
        ([1, 2], ""),
    ],
)
def test_one_party_alone_stands_apart(values, apart):
    names = "abcd"[: len(values)]
    found = stands_apart(dict(zip(names, values, strict=True)), dict.fromkeys(names, 0.125))
    assert found == apart


def test_both_bounds_count_where_a_party_stands_apart():
    values = {"a": 1.0, "b": 1.0, "c": 2.0}
    assert stands_apart(values, {"a": 0.5, "b": 0.5, "c": 0.25}) == "c"
    assert stands_apart(values, {"a": 0.5, "b": 0.5, "c": 0.5}) == ""
    assert stands_apart(values, {"a": 0.75, "b": 0.25, "c": 0.25}) == ""


@pytest.mark.parametrize(
    "single, double, kind",  # in ULP of either precision
    [
        (1e4, 1e4 * 2.0**29, "other formula"),
        (1e4, 1e4 * 2.0**15, "other formula"),
        (1e4, 1e4 * 2.0**14, "other rounding"),
        (9.0, 12.0, "other rounding"),
        (9.0, 0.0, "other rounding"),
        (0.0, 1.0, "other formula"),
        (inf, inf, "other formula"),
        (1.0, nan, "other formula"),
        (inf, 1.0, "other rounding"),
    ],
)
def test_in_ulp_rounding_stays_of_a_size_and_a_formula_does_not(single, double, kind):
    assert kind_of_difference(single, double) == kind


def test_a_negative_bound_is_refused():
    with pytest.raises(ValueError, match=r"a bound is a distance, and -1\.0 is none"):
        compare([1.0, 2.0], [1.0, 2.0], [1.0, -1.0], "float32")
