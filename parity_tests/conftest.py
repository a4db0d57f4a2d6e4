"""What the tests share: the two halves one after the other, and the modes that each can run in."""

from typing import NamedTuple

import pytest

from parity_tests import parties


class Half(NamedTuple):
    """One framework's side: its adapter, its functions, its built-ins, its words for options."""

    framework: object
    activations: object
    builtins: object
    words: object


HALVES = tuple(Half(*half) for half in parties.HALVES)


@pytest.fixture(params=HALVES, ids=lambda half: half.framework.NAME, scope="session")
def half(request):
    return request.param


@pytest.fixture(params=["eager", "graph", "compiled"])
def mode(request, half):
    """A mode's name; a mode that this machine cannot run skips the test, with the reason."""
    reason = half.framework.unavailable(request.param)
    if reason:
        pytest.skip(reason)
    return request.param
