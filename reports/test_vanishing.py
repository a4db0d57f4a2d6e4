"""Vanishing gradients are measured right: where the factor is known, and against the reference."""

import io

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from reports import environment, vanishing, vanishing_report
from reports.activation_table import number
from reports.vanishing import CELLS, HALVES, SCALES, SEQUENCES, STEPS, UNITS
from shared.reference import layers

DESCRIBED = environment.describe(["cpu"], seconds=1.0)

every_half = pytest.mark.parametrize("half", HALVES)


@pytest.fixture(scope="module")
def rnn():
    return vanishing.measure(["RNN"])


@pytest.fixture(scope="module")
def written(rnn):
    return vanishing_report.files(rnn, DESCRIBED)


@pytest.mark.parametrize(
    ("cell", "factor", "first"),
    [
        ("RNN", 0.5, 1.0),  # tanh has the slope 1 at 0: R alone is left
        ("GRU", 0.5, 1.0),  # h is multiplied by the update gate, σ(0)
        ("LSTM, forget bias 1", 0.5, 0.5),  # as c is by the forget gate; o = σ(0) lets h see it
    ],
)
@every_half
def test_the_factor_is_that_of_a_layer_at_rest(half, cell, factor, first, monkeypatch):
    def at_rest(cell, scale, of=vanishing.weights):
        found = {name: np.zeros_like(values) for name, values in of(cell, scale).items()}
        if cell.layer == "SimpleRNN":
            found["recurrent_kernel"] = np.diag(np.full(UNITS, scale))
        return found

    monkeypatch.setattr(vanishing, "weights", at_rest)
    sizes = vanishing.sizes(half, cell, 0.5)
    # powers of 2, so that nothing rounds
    assert sizes[0] == 1.0
    assert sizes[1:].tolist() == (first * factor ** np.arange(1, STEPS + 1)).tolist()


def by_reference(cell, scale, distance):
    """The size at a distance: the float64 oracle goes on from the state that it finds there."""
    made = CELLS[cell]
    name = {"SimpleRNN": "simple_rnn", "GRU": "gru", "LSTM": "lstm"}[made.layer]
    weights = vanishing.weights(made, scale).values()
    x, zeros = vanishing.sequences(), [np.zeros((SEQUENCES, UNITS))] * made.states
    states = getattr(layers, name)(x, *weights, *zeros)
    at = np.split(states[:, STEPS - distance - 1], made.states, axis=-1)
    g = np.zeros((SEQUENCES, distance, UNITS * made.states))
    g[:, -1, :UNITS] = upstream = vanishing._weighted(SEQUENCES)
    gradients = getattr(layers, f"{name}_gradient")(g, x[:, STEPS - distance :], *weights, *at)
    norms = np.linalg.norm(np.concatenate(gradients[-made.states :], axis=-1), axis=-1)
    return np.mean(norms) / np.linalg.norm(upstream[0])


@pytest.mark.parametrize("cell", CELLS)
@every_half
def test_sizes_are_those_of_the_reference_but_for_rounding(half, cell, monkeypatch):
    """As far apart, at most, as weights moved by one rounding take them, times a sum's terms."""
    places = [1, 2, 17, STEPS - 1]
    expected = np.array([by_reference(cell, 2.0, distance) for distance in places])
    found = vanishing.sizes(half, cell, 2.0)[places]
    original = vanishing.weights
    monkeypatch.setattr(
        vanishing, "weights",
        lambda *of: {name: W * (1 + 2**-52) for name, W in original(*of).items()},
    )  # fmt: skip
    moved = np.array([by_reference(cell, 2.0, distance) for distance in places])
    allowed = UNITS * np.max(np.abs(moved / expected - 1))
    assert np.max(np.abs(found / expected - 1)) < allowed


def test_weights_are_scaled_and_forget_as_told():
    one, other = (vanishing.weights(CELLS["LSTM, forget bias 4"], scale) for scale in (1.0, 2.0))
    np.testing.assert_array_equal(2 * one["recurrent_kernel"], other["recurrent_kernel"])
    np.testing.assert_array_equal(one["kernel"], other["kernel"])
    gates = np.repeat([0.0, 4.0, 0.0, 0.0], UNITS)  # i, f, c and o, as Keras has them
    np.testing.assert_array_equal(one["bias"], gates)


def test_the_stretches_reach_from_the_first_year_to_the_last():
    stretches = vanishing.sequences()
    assert stretches.shape == (SEQUENCES, STEPS, 1)
    assert len(np.unique(stretches[:, 0], axis=0)) > SEQUENCES / 2
    series = vanishing.load_sunspots()[1]
    expected = (series - np.mean(series)) / np.std(series)
    np.testing.assert_array_equal(stretches[0, :, 0], expected[:STEPS])
    np.testing.assert_array_equal(stretches[-1, :, 0], expected[-STEPS:])


def planted(frame, half):
    """What was measured, with another gradient furthest back in one half."""
    frame = frame.copy()
    frame.loc[(frame["half"] == half) & (frame["distance"] == STEPS), "size"] = 123.0
    return frame


def test_the_table_holds_what_was_measured(rnn, written):
    text = written["vanishing.md"]
    lines = [line.split("|")[2:-1] for line in text.splitlines() if line.startswith("| RNN ")]
    assert len(lines) == len(SCALES)
    for scale, cells in zip(SCALES, lines, strict=True):
        sizes = vanishing.only(rnn, half="torch", scale=scale)["size"].to_numpy()
        expected = [*(number(sizes[d]) for d in (1, 4, 16, STEPS)), number(sizes[-1] ** (1 / 64))]
        assert [cell.strip() for cell in cells] == [str(scale), *expected]
    table = vanishing_report.markdown(planted(rnn, "torch"), DESCRIBED)
    assert " / 123 " in table and " / 123 " not in text


def test_the_panels_show_both_halves(rnn, written):
    def panels(png):
        picture = matplotlib.image.imread(io.BytesIO(png))
        return picture[: int(0.85 * len(picture))]  # without the words beneath them

    pictures = [panels(vanishing_report.draw(planted(rnn, half))) for half in HALVES]
    pictures.append(panels(written["vanishing.png"]))
    for i, one in enumerate(pictures):
        assert not any(np.array_equal(one, other) for other in pictures[:i])


def test_the_csv_holds_every_number_shown(rnn, written):
    table = pd.read_csv(io.StringIO(written["vanishing.csv"]))
    assert len(table) == len(HALVES) * len(SCALES) * (STEPS + 1)
    assert list(table) == [*rnn, "time"]
    assert (table["size"] > 0).all()
