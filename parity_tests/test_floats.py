"""The formats' numbers: each met once, decoded as others decode them, and as far apart."""

import ml_dtypes
import numpy as np
import pytest

from shared.floats import BFLOAT16, FLOAT16, FLOAT32, FORMATS

OTHERS = {"float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
every_format = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
halves = pytest.mark.parametrize("format", [FLOAT16, BFLOAT16], ids=lambda f: f.name)


def some(format):
    """Bits of the ends of each binade and a few between."""
    return np.concatenate([format.sample(binade, 9) for binade in range(format.binades)])


@halves
def test_the_binades_hold_every_number_once(format):
    bits = np.concatenate([format.block(binade) for binade in range(format.binades)])
    np.testing.assert_array_equal(bits, np.arange(2**16))


def test_the_binades_of_float32_are_neighbours_and_reach_every_number():
    ends = [(FLOAT32.block(b, 0, 1)[0], FLOAT32.block(b, 2**23 - 1)[0]) for b in range(512)]
    assert all(int(first) == b * 2**23 for b, (first, _) in enumerate(ends))
    assert all(int(last) - int(first) == 2**23 - 1 for first, last in ends)
    assert FLOAT32.binades * FLOAT32.length == 2**32 and int(ends[-1][1]) == 2**32 - 1


@every_format
def test_numbers_are_those_that_numpy_sees_in_the_bits(format):
    bits = some(format)
    with np.errstate(invalid="ignore"):
        seen = bits.view(OTHERS[format.name]).astype(np.float64)
    np.testing.assert_array_equal(format.numbers(bits), seen)


@every_format
def test_a_binade_has_one_sign_one_exponent_and_one_gap(format):
    for binade in range(format.binades):
        values = format.numbers(format.sample(binade, 9))
        values = values[np.isfinite(values)]
        low = 2.0 ** format.exponent_of(binade)
        assert (np.signbit(values) == (binade >= format.binades // 2)).all()
        if binade % 2**format.exponent not in (0, 2**format.exponent - 1):
            assert (np.abs(values) >= low).all() and (np.abs(values) < 2 * low).all()
        assert (format.gap(values) == low / format.length).all()


@every_format
def test_a_gap_is_the_way_to_the_next_number(format):
    bits = some(format)
    size = np.abs(format.numbers(bits))
    further = format.numbers(bits + format.storage.type(1))
    inner = np.isfinite(size) & np.isfinite(further)
    way = np.abs(further[inner]) - size[inner]
    np.testing.assert_array_equal(way, format.gap(size[inner]))
    assert inner.sum() > 0.9 * bits.size


@every_format
def test_the_smallest_numbers_are_those_of_the_format(format):
    info = ml_dtypes.finfo(OTHERS[format.name])
    assert format.tiny == float(info.smallest_normal)
    assert format.smallest == float(info.smallest_subnormal)
    assert format.roundoff == float(info.eps) / 2


@every_format
def test_a_sample_holds_both_ends_and_one_of_each_stretch(format):
    for binade in (0, 1, format.binades - 1):
        count = min(64, format.length)
        places = format.sample(binade, count).astype(np.int64) - binade * format.length
        assert places[0] == 0 and places[-1] == format.length - 1
        np.testing.assert_array_equal(places // (format.length // count), np.arange(count))
