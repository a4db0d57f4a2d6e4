"""Cells by themselves, and the narrowest layers: axes before the last, one feature, few gates."""

import re

import numpy as np
import pytest
import torch

import torch_impl.layers.recurrent
from parity_tests.recurrent_cases import every_half
from parity_tests.training_run import in_keras, module
from shared.catalogue.recurrent import drawn

UNITS = 7  # of six gates side by side no seventh part is as wide
CELLS = {  # gates, and the widths in units of what a cell takes before its weights
    "simple_rnn_cell": (1, (1, 1)),
    "simple_rnn_cell_gradient": (1, (1, 1)),
    "lstm_cell": (4, (4, 1, 1)),
    "lstm_cell_gradient": (4, (1, 1, 4, 1, 1)),
    "gru_cell": (3, (3, 1)),
    "gru_cell_gradient": (3, (1, 6, 1)),
}


def in_own_layout(half, weight):
    return weight if in_keras(half) else weight.T.copy()


@every_half
@pytest.mark.parametrize("name", CELLS)
def test_another_axis_may_come_before_the_batch(name, half):
    framework, functions = half.framework, module(half, "layers.recurrent")
    gates, widths = CELLS[name]
    weights = [in_own_layout(half, drawn(UNITS, gates * UNITS, seed=31))]
    weights += [drawn(gates * UNITS, seed=32)] if name == "gru_cell" else []
    arrays = [drawn(2, width * UNITS, seed=33 + i) for i, width in enumerate(widths)]

    def shapes(*inputs):
        found = getattr(functions, name)(*map(framework.tensor, (*inputs, *weights)))
        return [tuple(h.shape) for h in (found if isinstance(found, tuple) else (found,))]

    assert shapes(*(a[None] for a in arrays)) == [(1, *shape) for shape in shapes(*arrays)]


@every_half
@pytest.mark.parametrize("name, gates", [("simple_rnn", 1), ("lstm", 4)])
def test_one_feature_is_enough(name, gates, half):
    """With weights of 0 for the state, and a first state of 0, a step knows of no other."""
    framework, functions = half.framework, module(half, "layers.recurrent")
    x = drawn(2, 3, 1, seed=41)
    weight = in_own_layout(half, drawn(1, gates * UNITS, seed=42))
    recurrent_weight = in_own_layout(half, np.zeros((UNITS, gates * UNITS)))
    bias, first = np.zeros(gates * UNITS), [np.zeros((2, UNITS))] * (2 if gates == 4 else 1)

    def states(x):
        arrays = x, weight, recurrent_weight, bias, *first
        return framework.array(getattr(functions, name)(*map(framework.tensor, arrays)))

    np.testing.assert_array_equal(states(x)[:, 0], states(x[:, :1])[:, 0])
    assert states(x).shape == (2, 3, UNITS * len(first))


@every_half
def test_recurrent_weights_of_too_few_gates_are_named(half):
    framework, functions = half.framework, module(half, "layers.recurrent")
    in_torch = "recurrent_weight", (20, 5), (15, 5)
    name, wanted, given = ("recurrent_kernel", (5, 20), (5, 15)) if in_keras(half) else in_torch
    weights = [in_own_layout(half, np.zeros((4, 20))), np.zeros(given)]
    states = [np.zeros((2, 5))] * 2
    arrays = map(framework.tensor, (np.zeros((2, 3, 4)), *weights, np.zeros(20), *states))
    message = f"lstm needs {name} of shape {wanted}, got {given}"
    with pytest.raises(ValueError, match=re.escape(message)):
        functions.lstm(*arrays)


@pytest.mark.parametrize("title, own", [("SimpleRNN", "RNN"), ("LSTM", "LSTM"), ("GRU", "GRU")])
def test_torch_hands_out_final_states_as_its_own_modules_do(title, own):
    x = torch.zeros(2, 3, 4)
    _, ours = getattr(torch_impl.layers.recurrent, title)(4, UNITS)(x)
    _, theirs = getattr(torch.nn, own)(4, UNITS, batch_first=True)(x)
    assert type(ours) is type(theirs)
    assert [h.shape for h in ours] == [h.shape for h in theirs]
