"""The inputs: float32 numbers in parts that cover the table, drawn the same every time."""

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
