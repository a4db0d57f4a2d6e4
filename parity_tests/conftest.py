"""What the tests share: the two halves one after the other, and the modes that each can run in."""

import pytest

from parity_tests import parties


@pytest.fixture(params=parties.HALVES, ids=lambda half: half.framework.NAME, scope="session")
def half(request):
    return request.param


@pytest.fixture(params=["eager", "graph", "compiled"])
def mode(request, half):
    """A mode's name; a mode that this machine cannot run skips the test, with the reason."""
    reason = half.framework.unavailable(request.param)
    if reason:
        pytest.skip(reason)
    return request.param
