"""Tallies: every input in one class, every kind of error counted where it belongs, and merging."""

import numpy as np
import pytest

from shared.floats import FLOAT16, FLOAT32
from shared.tallies import (
    BRINK,
    CLASSES,
    INFINITY,
    NAN,
    NORMAL,
    SMALL,
    SUBNORMAL,
    ZERO,
    Tally,
    Truth,
    classes,
)

ONE = 0x3F800000  # the bits of 1.0


def truth(*values, bits=None):
    """Numbers of float32 from 1 on, and what a function gives there."""
    bits = np.arange(ONE, ONE + len(values)) if bits is None else np.array(bits)
    return Truth(FLOAT32, bits.astype(np.uint32), np.array(values))


def results(*values):
    return np.array(values, np.float32).view(np.uint32)


def expected_class(x, f):
    """The same, one number after the other."""
    if np.isnan(x):
        return NAN
    if np.isinf(x):
        return INFINITY
    if x == 0:
        return ZERO
    if abs(x) < FLOAT16.tiny:
        return SUBNORMAL
    if abs(f) < FLOAT16.tiny:
        return SMALL
    brink = abs(f) < FLOAT16.tiny * max(1, abs(x)) and abs(f) < FLOAT16.tiny**0.5
    return BRINK if brink else NORMAL


def test_every_number_is_in_one_class():
    seen = {}
    for binade in range(FLOAT16.binades):
        for start, stop in ((0, 300), (300, FLOAT16.length)):
            bits = FLOAT16.block(binade, start, stop)
            x = FLOAT16.numbers(bits)
            with np.errstate(invalid="ignore"):
                f = x * np.exp(-np.abs(x))
            for name, place in classes(FLOAT16, bits, f):
                for here, at, value in zip(bits[place], x[place], f[place], strict=True):
                    assert int(here) not in seen and name == expected_class(at, value), at
                    seen[int(here)] = name
    assert len(seen) == 2**16 and {*seen.values()} == {*CLASSES}


def test_an_error_is_counted_in_units_of_the_truth_and_its_place_kept():
    at = truth(1.0, 2.0 + 2.0**-24, 4.0)
    tally = at.tally(results(1.0, 2.0, 4.0 + 3 * 2.0**-21))
    assert (tally.numbers, tally.worst, tally.at) == (3, 3.0, ONE + 2)
    assert tally.total == 3 + 2.0**-2 and tally.mean == tally.total / 3 and tally.strange == 0


def test_the_first_of_equal_errors_is_the_one_kept():
    assert truth(1.0, 1.0).tally(results(1 + 2.0**-23, 1 + 2.0**-23)).at == ONE


@pytest.mark.parametrize("found", [np.nan, np.inf, -np.inf])
def test_no_number_for_a_number_is_strange_and_no_distance(found):
    tally = truth(1.0, 1.0, 1.0).tally(results(1 + 2.0**-22, found, 1.0))
    assert (tally.strange, tally.strange_at) == (1, ONE + 1)
    assert (tally.worst, tally.at, tally.mean) == (2.0, ONE, 1.0)


@pytest.mark.parametrize(
    "value, found, strange",
    [(np.inf, np.inf, 0), (np.inf, -np.inf, 1), (np.nan, np.nan, 0), (np.nan, 1.0, 1),
     (np.inf, 1.0, 1), (np.nan, np.inf, 1)],
)  # fmt: skip
def test_infinity_and_nan_are_asked_for_where_they_are_the_truth(value, found, strange):
    tally = truth(value).tally(results(found))
    assert (tally.strange, tally.worst, tally.total) == (strange, 0.0, 0.0)


def test_of_nan_another_number_is_strange_too():
    bits = [0x7FC00000, 0x7FC00001, 0x7FC00002]
    tally = truth(0.0, 0.01, 0.0, bits=bits).tally(results(0.0, 0.01, 1.0))
    assert (tally.strange, tally.strange_at, tally.at) == (1, bits[2], bits[1])
    assert 0 < tally.worst < 0.5


def test_a_subnormal_result_that_is_0_is_flushed_and_one_that_rounds_to_0_is_not():
    smallest = FLOAT32.smallest
    at = truth(smallest, 0.75 * smallest, smallest / 2, FLOAT32.tiny)
    tally = at.tally(results(0, 0, 0, 0))
    assert (tally.subnormal, tally.flushed) == (2, 2)
    assert tally.worst == FLOAT32.tiny / smallest
    kept = at.tally(results(smallest, smallest, 0, FLOAT32.tiny))
    assert (kept.subnormal, kept.flushed, kept.signs) == (2, 0, 0)


def test_a_zero_of_the_other_sign_is_counted_and_one_in_place_of_nan_is_not():
    tally = truth(0.0, -0.0, 0.0, -1e-60, np.nan).tally(results(0.0, 0.0, -0.0, 0.0, -0.0))
    assert tally.signs == 3


def test_a_payload_is_kept_whatever_became_of_the_quiet_bit_and_the_sign():
    nans = [0x7F800001, 0x7FC00001, 0x7FC00002, 0x7FC00003]
    found = np.array([0x7FC00001, 0xFFC00001, 0x7FC00000, ONE], np.uint32)
    assert truth(*[np.nan] * 4, bits=nans).tally(found).payloads == 2
    assert truth(1.0).tally(results(np.nan)).payloads == 0


def test_tallies_of_parts_make_the_tally_of_the_whole():
    rng = np.random.default_rng(5)
    values = np.ldexp(1 + rng.integers(0, 2**20, 999) / 2**20, rng.integers(-3, 3, 999))
    values[7::50] = np.nan
    found = (values * (1 + rng.integers(-9, 9, 999) * 2.0**-23)).astype(np.float32)
    found[11::50] = np.nan
    whole = truth(*values).tally(results(*found))
    parts = Tally()
    for start, stop in ((0, 0), (0, 10), (10, 500), (500, 501), (501, 999)):
        if stop > start:
            at = truth(*values[start:stop], bits=np.arange(ONE + start, ONE + stop))
            parts += at.tally(results(*found[start:stop]))
    # the errors are multiples of 2^-23 or so, and their sums exact
    assert parts == whole and whole.strange == 20
