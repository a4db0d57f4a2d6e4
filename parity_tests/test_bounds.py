"""Each kind of bound allows what it says, by numbers worked out by hand."""

from functools import partial

import numpy as np
import pytest

from shared.bounds import (
    Absolute,
    Departure,
    Evaluated,
    Exact,
    Float32Constant,
    OfOptions,
    RunningError,
    Sensitivity,
    Ulps,
    Where,
    dropped_nan,
    partly_nan,
    taken_by_nan,
    tied,
    with_nan,
)
from shared.cases import cases
from shared.catalogue import ACTIVATIONS
from shared.comparison import gamma

inf, nan = np.inf, np.nan
TINY = 2.0**-126  # the smallest normal float32 number: what flushing costs


def evaluated(function, *inputs, **more):
    arrays = tuple(np.asarray(values, np.float64) for values in inputs)
    return Evaluated(function, arrays, np.asarray(function(*arrays), np.float64), **more)


TRIPLE = evaluated(lambda x: 3 * x, [1.0, -5.0, 0.0])


def test_exact_allows_nothing():
    assert Exact().size(TRIPLE, "float32").tolist() == [0, 0, 0]


def test_ulps_are_those_of_the_result_and_what_flushing_costs():
    # the results 3, −15 and 0 have gaps of 2^−22, 2^−20 and 2^−149
    expected = [2 * 2**-22 + TINY, 2 * 2**-20 + 5 * TINY, 2 * 2**-149 + TINY]
    np.testing.assert_array_equal(Ulps(2).size(TRIPLE, "float32"), expected)
    np.testing.assert_array_equal(Ulps().size(TRIPLE, "float32")[:2], [4 * 2**-22, 4 * 2**-20])


def test_a_running_error_is_gamma_times_the_terms_in_size():
    at = evaluated(lambda g, x: np.sum(g * x, axis=0), [[1.0], [-2.0]], [[3.0], [0.5]])
    bound = RunningError(
        magnitude=lambda g, x: np.sum(np.abs(g * x), axis=0), terms=lambda g, x: len(x)
    )
    # flushing may cost each term the smallest normal number times the factors 2 and 3
    expected = gamma(2, "float32") * 4 + 2 * TINY * 6
    np.testing.assert_array_equal(bound.size(at, "float32"), [expected])


def test_a_sensitivity_is_roundings_of_the_inputs_and_ulp_of_the_result():
    # 3x moves by |3x| u
    expected = [4 * 3 * 2**-24 + 4 * 2**-22, 4 * 15 * 2**-24 + 4 * 2**-20, 4 * 2**-149 + TINY]
    np.testing.assert_array_equal(Sensitivity().size(TRIPLE, "float32"), expected)
    more = Sensitivity(multiple=2, floor=1).size(TRIPLE, "float32")
    np.testing.assert_array_equal(more, [6 * 2**-24 + 2**-22, 30 * 2**-24 + 2**-20, 2**-149 + TINY])


def test_a_sensitivity_may_name_a_larger_intermediate():
    bound = Sensitivity(magnitude=lambda x: 100 + np.abs(x)).size(TRIPLE, "float32")
    assert bound[2] == 4 * 2**-17  # the gap at 100
    assert bound[0] == 4 * 3 * 2**-24 + 4 * 2**-17


def test_a_sensitivity_along_an_axis_adds_an_ulp_for_each_term():
    x = np.array([[1.0, 2.0, -4.0]])
    at = evaluated(lambda x: np.sum(x, -1, keepdims=True) + 0 * x, x, axis=-1)
    assert (at.terms, TRIPLE.terms) == (3, 1)
    # the sum −1 moves by 1 + 2 + 4
    expected = 4 * 7 * 2**-24 + (4 + 3) * 2**-23
    np.testing.assert_array_equal(Sensitivity().size(at, "float32"), np.full((1, 3), expected))


def test_bounds_are_given_the_options():
    at = evaluated(lambda x: 2 * x, [1.0], options={"alpha": 2})
    bound = Sensitivity(magnitude=lambda x, alpha: alpha * 512 + 0 * x)
    assert bound.size(at, "float32") == 4 * 2 * 2**-24 + 4 * 2**-13
    assert Where(lambda x, alpha: x < alpha).size(at, "float32").tolist() == [inf]


def test_absolute_is_roundings_of_1_or_of_the_inputs():
    at = evaluated(lambda g, x: g * x, [0.5, 2.0, nan, -8.0], [0.25, -3.0, 1.0, inf])
    expected = np.ldexp([4.0, 24.0, 4.0, 32.0], -24)
    np.testing.assert_array_equal(Absolute().size(at, "float32"), expected)
    assert Absolute(8).size(at, "float64")[0] == 8 * 2**-53


def test_an_input_of_another_shape_counts_by_its_largest_element():
    at = evaluated(lambda x, slope: x * slope, [0.5, 2.0, 1.0], [-3.0])
    np.testing.assert_array_equal(Absolute(1).size(at, "float32"), np.ldexp([3.0, 6.0, 3.0], -24))


def test_a_float32_constant_costs_a_float32_rounding_in_any_precision():
    single = Sensitivity().size(TRIPLE, "float32")
    for dtype in ("float32", "float64"):
        np.testing.assert_array_equal(Float32Constant().size(TRIPLE, dtype), single)


def test_options_that_are_read_are_rounded_and_counts_are_not():
    def rate(t, first, every):
        return first * t + every

    at = Evaluated(partial(rate, first=3.0, every=5), (np.arange(3.0),), 3.0 * np.arange(3.0) + 5,
                   {"first": 3.0, "every": 5})  # fmt: skip
    moved = Evaluated(lambda first: rate(np.arange(3.0), first, 5), (np.float64(3.0),), at.values)
    np.testing.assert_array_equal(
        OfOptions().size(at, "float32"), Sensitivity().size(moved, "float32")
    )
    np.testing.assert_array_equal(
        OfOptions(Ulps(1)).size(at, "float32"), Ulps(1).size(moved, "float32")
    )


def test_where_allows_anything_at_the_marked_places_and_nothing_elsewhere():
    size = Where(lambda x: x == 0).size(TRIPLE, "float32")
    assert size.tolist() == [0, 0, inf]
    wide = evaluated(lambda x: x * np.ones((2, 3)), [1.0, -5.0, 0.0])
    assert Where(lambda x: x == 0).size(wide, "float32").tolist() == [[0, 0, inf]] * 2


RUNS = np.array([[1.0, 1.0, 3.0, 2.0], [nan, 0.0, 5.0, 5.0], [2.0, nan, nan, nan]])
ALL, NONE = [True, True], [False, False]


@pytest.mark.parametrize(
    "mark, expected",
    [
        (tied, [[*ALL, *NONE], [*NONE, *ALL], [*NONE, *NONE]]),
        (with_nan, [[*NONE, *NONE], [*ALL, *NONE], [*ALL, *ALL]]),
        (taken_by_nan, [[*NONE, *NONE], [*NONE, *NONE], [*ALL, *NONE]]),
    ],
)
def test_tied_and_nan_runs_are_marked(mark, expected):
    assert mark(None, RUNS, 2).tolist() == expected


def test_of_a_longer_run_only_what_differs_is_marked():
    assert tied(None, np.array([[1.0, 1.0, 3.0]]), 3).tolist() == [[False] * 3]
    assert tied(None, np.array([[4.0, 1.0, 4.0]]), 3).tolist() == [[True, False, True]]
    two_nan = np.array([[1.0, 2.0, nan, nan]])
    assert taken_by_nan(None, two_nan, 4).tolist() == [[True, False, True, False]]


def test_runs_of_nan_and_numbers_are_marked_once():
    assert partly_nan(RUNS, 2).tolist() == [NONE, [True, False], [True, False]]


def test_the_numbers_of_a_row_with_nan_or_infinity_are_marked():
    x = np.array([[nan, 1.0], [1.0, inf], [-inf, 1.0], [inf, nan]])
    assert dropped_nan(x).tolist() == [[False, True], [True, False], NONE, NONE]
    assert dropped_nan(x, axis=0).tolist() == [[False, True], [True, False], [True, True], NONE]


def test_a_departure_holds_everywhere_unless_it_says_where():
    departure = Departure("tanh", "h", Ulps(6), "because")
    assert departure.dtypes == ("float32", "float64")
    assert departure.modes == ("eager", "graph", "compiled")
    assert departure.kernels == ""


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "case", cases(ACTIVATIONS), ids=lambda c: f"{c.concept.name} {c.label}".strip()
)
@np.errstate(all="ignore")  # infinities and NaN are among the inputs
def test_no_bound_of_the_catalogue_lets_a_typical_number_be_twice_itself(case, dtype):
    for tensor, (_, at) in case.truth.items():
        bound, sizes = case.bound(tensor).size(at, dtype), np.abs(at.values)
        typical = np.isfinite(sizes) & (sizes >= np.nanmedian(sizes[sizes != 0]))
        assert bound.shape == at.values.shape
        assert np.count_nonzero(typical) > 1
        assert (bound[typical] < sizes[typical]).all(), tensor
