"""The float64 runs themselves: against the optimizers' own, and that all they read is nudged."""

import numpy as np
import pytest

from parity_tests.test_fit import X, Y
from shared.reference import optimizers
from shared.reference import training as reference

RATES = [0.25, 0.125, 0.5]
BATCHES = [np.array([0, 3, 5]), np.array([1, 2]), np.array([4])]
NETWORK = {"activation": ["tanh", "identity"], "loss": "mean_squared_error"}
FIRST = [(np.array([[0.5, -1.0], [0.25, 2.0]]), np.array([0.0, 0.125])),
         (np.array([[1.0], [-0.5]]), np.array([0.25]))]  # fmt: skip
SHAPES = [values.shape for pair in FIRST for values in pair]
ENDS = np.cumsum([int(np.prod(shape)) for shape in SHAPES])


def flat(arrays):
    return np.concatenate([np.ravel(values) for values in arrays])


def apart(vector):
    return [v.reshape(s) for v, s in zip(np.split(vector, ENDS[:-1]), SHAPES, strict=True)]


@pytest.mark.parametrize("name", optimizers.STATE)
def test_a_run_is_the_optimizers_own_on_all_weights_at_once(name):
    """Updates are element-wise, so that all weights may as well be one vector."""

    def gradient(W, k):
        rows = BATCHES[k]
        _, g = reference.loss_and_gradients(apart(W), X[rows], Y[rows], **NETWORK)
        return flat(g)

    expected = optimizers.descend(name, gradient, flat(v for pair in FIRST for v in pair), RATES)
    run = reference.train(FIRST, X, Y, batches=BATCHES, rates=RATES, optimizer=name, **NETWORK)
    weights = ("W1", "b1", "W2", "b2")
    for kind in ("W", *optimizers.STATE[name]):
        prefix = "" if kind == "W" else f"{kind}_"
        for k in range(len(RATES)):
            found = flat(run[f"{prefix}{weight}"][k] for weight in weights)
            np.testing.assert_array_equal(found, expected[kind][k])
    assert run["learning_rate"].tolist() == RATES
    assert list(run) == list(reference.names(2, name))


def test_a_step_notes_the_loss_and_gradients_before_its_update():
    run = reference.train(FIRST, X, Y, batches=BATCHES, rates=RATES, **NETWORK)
    at = [v for pair in FIRST for v in pair]
    for k, rows in enumerate(BATCHES):
        loss, gradients = reference.loss_and_gradients(at, X[rows], Y[rows], **NETWORK)
        assert run["loss"][k] == loss
        for name, g in zip(("g_W1", "g_b1", "g_W2", "g_b2"), gradients, strict=True):
            np.testing.assert_array_equal(run[name][k], g)
        at = [run[name][k] for name in ("W1", "b1", "W2", "b2")]


def test_all_that_a_step_reads_is_nudged():
    """Weights, states, rate, rows and labels, and the gradients as the update reads them."""
    read = []

    def nudge(values):
        read.append(np.shape(values))
        return values

    reference.train(FIRST, X, Y, batches=BATCHES[:1], rates=RATES[:1], optimizer="adam",
                    nudge=nudge, **NETWORK)  # fmt: skip
    # of each weight: itself, two moments, its gradient
    assert sorted(read) == sorted([*SHAPES * 4, (), (3, 2), (3, 1)])
