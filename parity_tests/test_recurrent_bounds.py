"""The recurrent reference by itself: terms of its bounds worked out on paper, masks, more axes."""

import numpy as np
import pytest

from shared.catalogue.recurrent import drawn
from shared.reference.layers import recurrent as reference

NONE = np.zeros((1, 1))


def test_the_value_may_be_off_in_proportion_to_the_larger_state_of_before_and_after():
    """With weights of 0 a state is −3 until a step is read, and tanh(0) = 0 from then on."""
    mask = np.array([[False, True, True]])
    terms = reference.simple_rnn_terms(np.ones((1, 3, 1)), NONE, NONE, np.zeros(1), -3 + NONE, mask)
    np.testing.assert_array_equal(terms.ravel(), [3, 3, 0])


@pytest.mark.parametrize("sign", [1, -1])
def test_gradients_may_be_off_in_proportion_to_the_sizes_of_what_they_are_summed_from(sign):
    """z = xW + h₀R + b = 0 + 1 · (−2) + 2 = 0, where tanh has slope 1, so that g_z = g = ±3.

    g_h₀ = g_z R = ∓6 is a sum of 3 · 2; what a gate lets past the product, at most all of it,
    counts besides.
    """
    g, x, W, R = sign * 3 + np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), NONE + 1, NONE - 2
    terms = reference.simple_rnn_gradient_terms(g, x, W, R, np.array([2.0]), NONE + 1)
    of_x, of_W, of_R, of_b, of_h0 = 3, 0, 3, 3, 6 + 3 * 2
    assert [float(t.item()) for t in terms] == [of_x, of_W, of_R, of_b, of_h0]


STATES = {"simple_rnn": 1, "lstm": 2, "gru": 1}
GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3}
UNITS, FEATURES = 7, 5


def inputs(name, *lead):
    """x and the initial states with these leading axes, and the weights between them."""
    width = GATES[name] * UNITS
    bias = drawn(2, width, seed=3) if name == "gru" else drawn(width, seed=3)
    weights = drawn(FEATURES, width, seed=1), drawn(UNITS, width, seed=2), bias
    states = [drawn(*lead, UNITS, seed=4 + i) for i in range(STATES[name])]
    return drawn(*lead, FEATURES, seed=0), states, weights


@pytest.mark.parametrize("name", STATES)
def test_without_a_mask_every_step_is_read(name):
    _, states, weights = inputs(name, 2)
    x, function = drawn(2, 3, FEATURES, seed=8), getattr(reference, name)
    read = function(x, *weights, *states, mask=np.ones((2, 3), bool))
    np.testing.assert_array_equal(function(x, *weights, *states), read)


@pytest.mark.parametrize("name", STATES)
def test_another_axis_may_come_before_the_batch_of_a_cell(name):
    cell, gradient = (getattr(reference, f"{name}_cell{end}") for end in ("", "_gradient"))
    x, states, weights = inputs(name, 2)
    g = [drawn(2, UNITS, seed=9 + i) for i in range(STATES[name])]

    def shapes(found):
        flat = [a for part in found for a in (part if isinstance(part, tuple) else (part,))]
        return [a.shape for a in flat]

    def further(arrays):
        return [a[None] for a in arrays]

    more = *further([x, *states]), *weights
    assert shapes(cell(*more)) == [(1, *s) for s in shapes(cell(x, *states, *weights))]
    of_one = shapes(gradient(*g, x, *states, *weights))
    assert shapes(gradient(*further(g), *more)) == [(1, *s) for s in of_one]
