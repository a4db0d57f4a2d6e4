"""The inputs: float32 numbers in parts that cover the table, drawn the same every time."""

import hashlib

import numpy as np
import pytest

from shared import samples

BOTH = pytest.mark.parametrize("draw", [samples.line, samples.rows])


@BOTH
def test_the_parts_cover_the_table_once(draw):
    sample = draw()
    covered = [row for part in sample.parts.values() for row in range(part.start, part.stop)]
    assert list(sample.parts) == ["drawn", "edges", "digits"]
    assert covered == list(range(len(sample.values)))


@BOTH
def test_both_precisions_see_the_same_numbers(draw):
    values = draw().values
    assert np.array_equal(values, values.astype(np.float32), equal_nan=True)


@BOTH
def test_only_the_edges_hold_what_is_not_finite(draw):
    sample = draw()
    finite = {name: np.isfinite(sample.values[part]).all() for name, part in sample.parts.items()}
    assert finite == {"drawn": True, "edges": False, "digits": True}


def test_upstream_gradients_repeat_and_differ_by_salt():
    sample = samples.line()
    assert np.array_equal(sample.upstream((4,)), sample.upstream((4,)))
    assert not np.array_equal(sample.upstream((4,)), sample.upstream((4,), salt=1))


DRAWN = {  # what every committed measurement was made with
    "line": (lambda: samples.line().values, "40a2d3ab8319576c"),
    "rows": (lambda: samples.rows().values, "76461ceb4bcd6489"),
    "slopes": (samples.slopes, "59c9b620e3efad3a"),
    "upstream": (lambda: samples.line().upstream((3, 4)), "ed986789a0044abc"),
    "direction": (lambda: samples.line().upstream((3, 4), salt=1), "28fb56e857085b24"),
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_inputs_are_those_that_reports_were_measured_with(name):
    draw, digest = DRAWN[name]
    assert hashlib.sha256(draw().astype("<f4").tobytes()).hexdigest()[:16] == digest


def test_an_upstream_gradient_has_no_salt_unless_said_otherwise():
    sample = samples.line()
    assert np.array_equal(sample.upstream((4,)), sample.upstream((4,), salt=0))


@BOTH
def test_the_parts_are_as_long_as_they_say(draw):
    assert [len(draw().values[part]) for part in draw().parts.values()][::2] == [24, 32]
