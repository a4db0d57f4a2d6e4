"""How a half's own run of a network is held to the float64 run of it."""

import numpy as np

from shared import comparison

STEPS = 200  # of a long run
BILLIONTH = 1e-9  # of the largest element: how far two halves may be apart after it


def ours(run, half):
    """The half's own party of a run."""
    return next(t for t in run.trainers if t.half is half and not t.label)


def assert_follows(run, history, dtype="float64"):
    """Every recorded tensor of every step, to the bounds of both."""
    for name in run.tensors:
        allowed = sum(run.bound(name, d) for d in (dtype, "float64"))
        difference = comparison.compare(history[name], run.truth[name], allowed, dtype)
        assert difference.agrees, f"{name}: {difference}"


def assert_agrees_to_a_billionth(run, half, mode="eager"):
    """The half's long run in float64 keeps to bounds of which two are a billionth at most."""
    assert len(run.case.order) == STEPS
    assert_follows(run, run.history(ours(run, half), "float64", mode))
    for name in run.tensors:
        assert share(run, name).max() <= BILLIONTH, name


def share(run, name):
    """The bound of both halves in float64 as a share of the tensor's largest element, by step."""
    values = np.abs(run.truth[name])
    largest = values.reshape(len(values), -1).max(axis=1)
    return (2 * run.bound(name, "float64")).reshape(len(values), -1).max(axis=1) / largest
