"""Recurrent networks: their data, what padding and windows do, and what they are made of."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import torch

import tf_impl.layers
import tf_impl.models.rnn
import torch_impl.models.rnn
from parity_tests import fit_cases, suite, trajectories
from parity_tests.rnn_cases import Run, by_windows, every_function, network
from parity_tests.training_run import module
from shared.catalogue import EVERYTHING, sequences
from shared.catalogue.models import MODELS
from shared.data import load_poem, load_sunspots


def test_a_year_is_foreseen_from_those_right_before_it():
    series = load_sunspots()[1] / 128
    x, y = sequences.years(length=8)
    assert x.shape == (301, 8, 1) and y.shape == (301, 1)
    at = np.arange(301)[:, None] + np.arange(9)
    expected = series.astype(np.float32)[at]
    np.testing.assert_array_equal(np.concatenate([x[..., 0], y], axis=1), expected)


def test_lines_of_the_poem_are_read_from_end_to_end_and_padded():
    letters = {i: letter for letter, i in sequences.alphabet().items()}
    x, y = sequences.lines()
    assert min(letters) == 1 and len(letters) == 36
    np.testing.assert_array_equal(x == 0, y == 0)
    assert (np.diff(x == 0, axis=1).sum(axis=1) <= 1).all() and not (x[:, 0] == 0).any()
    for read, coming, line in zip(x, y, load_poem(), strict=True):
        assert "".join(letters[i] for i in read[read != 0]) == f"\n{line.lower()}"
        assert "".join(letters[i] for i in coming[coming != 0]) == f"{line.lower()}\n"


def test_the_texts_that_are_compared_end_at_every_place():
    for every_step in (True, False):
        case = sequences.poem("lstm", every_step)
        lengths = np.sum(case.x != 0, axis=1)
        assert set(lengths) == set(range(1, sequences.CHARACTERS + 1))
        np.testing.assert_array_equal(
            case.x != 0, np.arange(sequences.CHARACTERS) < lengths[:, None]
        )
        coming = case.y[case.y != 0]
        assert len(coming) == (np.sum(lengths) if every_step else sequences.ROWS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_function
def test_training_by_windows_is_that_of_the_reference_at_every_window(half, function, dtype):
    case = sequences.windows(function)
    assert [len(window) for window in case.order] == [5, 5, 5, 5, 2]
    found = by_windows(half, case, dtype)
    assert set(found) == set(case.tensors) - {"learning_rate"}
    for name, values in found.items():
        fit_cases.assert_close(case, name, values, slice(None), dtype)


@every_function
def test_a_window_is_told_of_those_before_it_but_teaches_them_nothing(half, function):
    """The loss depends on the state it starts from, and its gradient does not go there."""
    case = sequences.windows(function)
    trainer, model, _ = Run(case).made(half)
    framework, rnn = half.framework, module(half, "models.rnn")
    x, y = (framework.tensor(values[:, :4]) for values in (case.x, case.y))
    _, state = model.read(x)

    states = [framework.array(h) for h in (state if isinstance(state, list | tuple) else [state])]

    def loss(*states):
        # as the layers take them: torch's have a tuple of two, or one tensor
        state = list(states) if half.in_keras else states if len(states) > 1 else states[0]
        return rnn.window_loss(model, x, y, state, Run(case).loss_of(trainer, model))[0]

    from_there, gradients = framework.value_and_gradients(loss, *states)
    from_zero, _ = rnn.window_loss(model, x, y, None, Run(case).loss_of(trainer, model))
    assert gradients == (None,) * len(states)
    assert from_there != framework.array(from_zero)


def test_a_window_has_at_least_one_step(half):
    with pytest.raises(ValueError, match="length must be a whole number of at least 1, got 0"):
        module(half, "models.rnn").fit_windows(
            None, None, None, loss=None, optimizer=None, length=0
        )


def test_the_states_behind_the_last_window_come_back(half):
    case = sequences.windows("lstm")
    run = Run(replace(case, rate=0.0))
    trainer, model, optimizer = run.made(half)
    x, y = (half.framework.tensor(values) for values in (case.x, case.y))
    state = module(half, "models.rnn").fit_windows(
        model, x, y, loss=run.loss_of(trainer, model), optimizer=optimizer, length=len(case.x[0])
    )
    for found, expected in zip(state, model.read(x)[1], strict=True):
        np.testing.assert_array_equal(*map(half.framework.array, (found, expected)))


@pytest.mark.parametrize("name", sequences.NETWORKS)
def test_rows_are_compared_in_their_own_modes_and_none_other_is_missed(name):
    row = EVERYTHING[name]
    assert row in MODELS and row.modes == ("eager",)
    where = [row], ["float64"]
    assert trajectories.missing([], *where, ["eager"], ["cpu"])
    assert not trajectories.missing([], *where, ["graph", "compiled"], ["cpu"])
    assert not [r for job in suite.jobs(name, modes=("graph",)) for r in suite.run(job)]


def test_every_real_step_weighs_alike_and_none_is_no_number(half):
    masked = module(half, "models.rnn").masked_cross_entropy
    tensor, array = half.framework.tensor, half.framework.array
    z = np.zeros((2, 3, 4))
    z[1, 0, 1] = np.log(5.0)  # of class 1 the probability 5/8, of others 1/8
    z[:, 1:][1] = 100.0  # padding, whatever is there
    for y, shares in (([[1, 2, 3], [1, 0, 0]], [4, 4, 4, 8 / 5]), ([[0] * 3, [2, 0, 0]], [8])):
        arguments = tensor(np.array(y)), tensor(z)
        found = array(masked(*arguments if half.in_keras else arguments[::-1]))
        np.testing.assert_array_max_ulp(found, np.mean(np.log(shares)), 4)
    arguments = tensor(np.zeros((2, 3), int)), tensor(z)
    assert np.isnan(array(masked(*arguments if half.in_keras else arguments[::-1])))


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_keras_networks_come_back_from_config_and_disk(name, tmp_path):
    made = getattr(tf_impl.models.rnn, name)(7, 3, 2, True, name="mine", dtype="float64")
    registered = keras.saving.get_registered_object
    assert registered(f"tf_impl.models>{name}") is type(made)
    if name != "RNN":  # a layer has the name too
        assert registered(f"tf_impl>{name}") is getattr(tf_impl.layers, name)
    again = type(made).from_config(made.get_config())
    assert again.get_config() == made.get_config() and made.get_config()["every_step"]
    assert [(w.path, w.dtype) for w in again.weights] == [(w.path, w.dtype) for w in made.weights]
    made.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for x in (np.array([[3, 6, 0], [1, 2, 5]]), np.linspace(-1, 1, 28).reshape(1, 4, 7)):
        np.testing.assert_array_equal(loaded(x), made(x))
    assert loaded.get_config() == made.get_config()


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_torch_networks_show_their_sizes_and_have_one_bias_where_keras_has(name):
    made = getattr(torch_impl.models.rnn, name)(7, 3, 2, dtype=torch.float64)
    shown = "features=7, units=3, outputs=2, every_step=False"
    assert shown in repr(made).splitlines()[1]
    assert {w.dtype for w in made.parameters()} == {torch.float64}
    second = made.recurrent_1.bias_hh_l0
    assert second.requires_grad == (name == "GRU")
    assert bool(second.any()) == (name == "GRU")


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_outputs_have_their_shapes_for_numbers_and_for_ids(half, name):
    x = half.framework.tensor(np.zeros((4, 5, 6), np.float32))
    assert tuple(network(half, name, 6, 3, 2)(x).shape) == (4, 2)
    for every_step in (False, True):
        made = network(half, name, 6, 3, 2, every_step)
        shape = (4, 5, 2) if every_step else (4, 2)
        for x in (np.zeros((4, 5, 6), np.float32), np.ones((4, 5), np.int64)):
            assert tuple(made(half.framework.tensor(x)).shape) == shape
