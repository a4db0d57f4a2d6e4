"""The recurrent functions captured and compiled, against the reference."""

import pytest

from parity_tests import parties
from parity_tests.recurrent_cases import LAYERS, case, failures, in_both

TENSORFLOW, TORCH = map(parties.ours, parties.HALVES)


@in_both
@pytest.mark.parametrize("mode", ["graph", "compiled"])
def test_captured_and_compiled_by_tensorflow_they_are_the_references(mode, dtype):
    assert failures([*map(case, LAYERS)], [TENSORFLOW], dtype, mode) == []


@pytest.mark.parametrize("mode", ["graph", "compiled"])
def test_captured_and_compiled_by_torch_they_are_the_references(mode):
    if reason := TORCH.adapter.unavailable(mode):
        pytest.skip(reason)
    # every step is compiled anew, so that two of them have to do
    assert failures([case(name, "short") for name in LAYERS], [TORCH], "float32", mode) == []
