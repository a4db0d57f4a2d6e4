"""Given moved weights, both frameworks' own layers compute the same; a mistake in moving shows."""

from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest

from parity_tests.weighted_layers import PAIRS, PLAIN, SUMMING, torch_state
from shared.comparison import compare
from shared.weights import LAYERS, Layer, draw, to_keras, to_torch
from shared.weights.sizes import filled
from shared.weights.tensors import StackedBias, Weight

SEEN = 1e6  # shares of the bound: no rounding, but another formula

every_pair = pytest.mark.parametrize("pair", PAIRS, ids=str)


def furthest(pair, weights, state):
    """The difference of the two layers that uses most of the bound, in shares of it."""
    of_keras = pair.run_keras(pair.keras_layer(weights=weights))
    of_torch = pair.run_torch(pair.torch_layer(state=state))
    formula = pair.formula(weights, pair.input())
    bound = 2 * np.broadcast_to(formula.error, of_keras.shape)
    couples = (of_keras, of_torch), (of_keras, formula.value), (of_torch, formula.value)
    return max(compare(*couple, bound, "float64").used for couple in couples)


@every_pair
def test_layers_with_moved_weights_give_the_same_outputs(pair):
    weights = draw(pair.layout, pair.sizes, seed=3)
    assert furthest(pair, weights, to_torch(pair.layout, weights)) <= 1


@every_pair
def test_layers_with_weights_moved_from_torch_give_the_same_outputs(pair):
    state = torch_state(pair.torch_layer())
    # of one sign, so that a sum of two biases is as large as its parts, as the bound has it
    state = {name: np.abs(values) for name, values in state.items()}
    assert furthest(pair, to_keras(pair.layout, state), state) <= 1


def mistaken_layouts():
    """Every declared layout with one mistake that no shape betrays, in axes, gates or names."""
    for name, layer in LAYERS.items():
        for i, weight in enumerate(layer.weights):
            for change in _changes(weight, PLAIN[name].sizes):
                mistaken = replace(weight, **change)
                weights = (*layer.weights[:i], mistaken, *layer.weights[i + 1 :])
                label = " ".join(str(value) for value in change.values())
                yield pytest.param(Layer(name, weights), id=f"{name} {weight.keras} {label}")


def _changes(weight, sizes):
    if isinstance(weight, Weight):
        shape = filled(weight.shape, sizes)
        for axes in permutations(weight.axes):
            if axes != weight.axes and all(
                shape[a] == shape[b] for a, b in zip(axes, weight.axes, strict=True)
            ):
                yield {"axes": axes}
    if isinstance(weight, Weight | StackedBias):
        order, right = weight.gates
        for gates in map("".join, permutations(right)):
            if gates != right:
                yield {"gates": (order, gates)}
    if isinstance(weight, StackedBias):
        yield {"torch_names": weight.torch_names[::-1]}


@pytest.mark.parametrize("mistaken", list(mistaken_layouts()))
def test_a_mistaken_layout_that_fits_by_shape_is_seen_in_the_outputs(mistaken):
    pair = PLAIN[mistaken.name]
    weights = draw(mistaken.name, pair.sizes, seed=3)
    assert furthest(pair, weights, to_torch(mistaken, weights)) > SEEN


@pytest.mark.parametrize("name", LAYERS)
def test_tensors_of_one_shape_taken_for_each_other_are_seen_in_the_outputs(name):
    pair = PLAIN[name]
    weights = draw(name, pair.sizes, seed=3)
    right = to_torch(name, weights)
    for one, other in combinations(right, 2):
        added = name in SUMMING and {one, other} == {"bias_ih_l0", "bias_hh_l0"}
        if right[one].shape == right[other].shape and not added:
            state = {**right, one: right[other], other: right[one]}
            assert furthest(pair, weights, state) > SEEN, (one, other)
