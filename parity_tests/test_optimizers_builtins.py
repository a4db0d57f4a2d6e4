"""In the right form each optimizer is its framework's own, every step: parameters and state.

Over 1,000 steps, the learning rate changing midway, in float64. The bound is how far the reference
moves when all that a step reads is rounded; the bound itself is within 1e−12 of the largest that an
element has been, which is what a port may ask for.
"""

import numpy as np
import pytest
import torch

import tf_impl.builtins.optimizers
import torch_impl.builtins.optimizers
from parity_tests.optimizer_cases import CASES, Run, keras_history, ours, torch_history
from parity_tests.parties import HALVES
from shared.comparison import compare

STEPS = 1000
KERAS, TORCH = tf_impl.builtins.optimizers, torch_impl.builtins.optimizers


def keras_own(case, rate):
    """Keras's optimizer of a case, None where it has not the form."""
    function = KERAS.FUNCTIONS.get(case.update)
    return function and function(rate, **case.options)


def torch_own(case, parameters, rate):
    """torch's optimizer of a case, None where it has not the form."""
    function = TORCH.FUNCTIONS.get(case.update)
    return function and function(parameters, rate, **case.torch_options)


IN_KERAS = [case for case in CASES if keras_own(case, 0.5)]
IN_TORCH = [case for case in CASES if torch_own(case, [torch.zeros(1)], 0.5)]


@pytest.mark.parametrize("cases, forms", [(IN_KERAS, 12), (IN_TORCH, 11)])
def test_every_class_but_one_is_shipped_in_some_form(cases, forms):
    assert {case.optimizer for case in CASES} - {c.optimizer for c in cases} == {"DeltaBarDelta"}
    assert len(cases) == forms


def check(case, own, theirs, words):
    run = Run(case, STEPS)
    for name, values in own.items():
        bound = run.bound(name, "float64")
        largest = np.maximum.accumulate(np.abs(run.truth[name]))
        assert (bound <= 1e-12 * largest).all(), f"{name}: {(bound / largest).max()}"
        difference = compare(values, theirs[words.get(name, name)], 2 * bound, "float64")
        assert difference.agrees, f"{name}: {difference}"


@pytest.mark.parametrize("case", IN_KERAS, ids=str)
def test_each_is_keras_own_in_every_step(case):
    theirs = keras_history(lambda rate: keras_own(case, rate), STEPS)
    own = ours(HALVES[0], case, STEPS, mode="graph")
    check(case, own, theirs, KERAS.STATE.get(case.update, {}))


@pytest.mark.parametrize("case", IN_TORCH, ids=str)
def test_each_is_torchs_own_in_every_step(case):
    theirs = torch_history(lambda W, rate: torch_own(case, W, rate), STEPS)
    own = ours(HALVES[1], case, STEPS)
    check(case, own, theirs, TORCH.STATE.get(case.update, {}))
