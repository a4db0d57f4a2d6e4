"""Recurrent networks trained for longer: the halves stay together, captured too, and learn."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from parity_tests import fit_cases
from parity_tests.rnn_cases import Run, every_function, network, quickest
from parity_tests.run_cases import STEPS, assert_agrees_to_a_billionth, assert_follows, ours
from parity_tests.training_run import module
from shared.catalogue import sequences


@cache
def long_case(function):
    return replace(sequences.sunspots(function), epochs=STEPS * sequences.BATCH // sequences.ROWS)


@every_function
def test_200_steps_in_float64_agree_to_a_billionth(half, function):
    assert_agrees_to_a_billionth(Run(long_case(function)), half, quickest(half))


@pytest.mark.parametrize("name", sequences.NETWORKS)
def test_networks_of_our_own_are_captured_too(half, name):
    """By TensorFlow, where a loop over time is one in the graph; by torch, unrolled and slowly."""
    modes = ["graph", "compiled"] if half.in_keras or name == "rnn_sunspots" else ["graph"]
    run = Run(sequences.CASES[name]())
    for mode in [mode for mode in modes if not half.framework.unavailable(mode)]:
        assert_follows(run, run.history(ours(run, half), "float32", mode), "float32")


def trained(half, name, loss, x, y, seed, arguments, epochs, batch_size, rate, **options):
    """A network and its history, from the half's own first weights."""
    half.framework.set_seed(seed)
    made = network(half, name, *arguments, **options)
    optimizer = fit_cases.optimizer(half, "adam", made, rate)
    history = module(half, "training").fit(
        made, x, y, loss=loss, optimizer=optimizer, epochs=epochs, batch_size=batch_size,
        mode=quickest(half), seed=seed,
    )  # fmt: skip
    return made, history.frame


@pytest.mark.parametrize("seed", range(3))
def test_an_lstm_foresees_sunspots_better_than_that_nothing_changes(half, seed):
    """In the 80 years left out, by at least a quarter of the root mean squared error."""
    x, y = (values.astype(np.float32) for values in sequences.years(length=8))
    loss = half.families["losses"].mean_squared_error
    made, _ = trained(half, "LSTM", loss, x[:-80], y[:-80], seed, (1, 8, 1), 40, 16, 2.0**-7)
    x, y = x[-80:], y[-80:]
    errors = half.framework.array(made(half.framework.tensor(x))) - y
    unchanged = x[:, -1] - y
    assert np.sqrt(np.mean(errors**2)) <= 0.75 * np.sqrt(np.mean(unchanged**2))


@pytest.mark.parametrize("seed", range(3))
def test_an_lstm_learns_a_poem_to_fewer_than_2_4_bits_a_character(half, seed):
    """Of 5.2 for characters all alike; how often each occurs brings it to 4.4, and no lower.

    Of what it has read: a poem of 108 lines has none to spare.
    """
    x, y = sequences.lines()
    letters = np.bincount(y[y != 0])[1:] / np.sum(y != 0)
    frequency = -np.sum(letters * np.log2(letters))
    assert (round(np.log2(len(letters)), 1), round(frequency, 1)) == (5.2, 4.4)
    classes = len(letters) + 1
    _, frame = trained(
        half, "LSTM", module(half, "models.rnn").masked_cross_entropy, x, y, seed,
        (classes, 32, classes), 40, 12, 2.0**-6, every_step=True,
    )  # fmt: skip
    assert frame.loss.iloc[0] > frequency * np.log(2)
    assert frame.loss.iloc[-1] < 2.4 * np.log(2)
