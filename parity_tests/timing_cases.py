"""What the tests of the timings share: each half by itself, the devices, and prepared entries."""

import pytest

from parity_tests import halves
from parity_tests.timings import functions, plan
from parity_tests.timings.work import Subject

HALVES = [halves.load(name) for name in plan.FRAMEWORKS]


def devices():
    seen = [half.framework.devices() for half in HALVES]
    return [device for device in seen[0] if device in seen[1]]


each_device = pytest.mark.parametrize("device", devices())


TANH = Subject("activations", "tanh", "tiny")


def prepared(half, subject=TANH):
    return functions.prepare(subject, [half])
