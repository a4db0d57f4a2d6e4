"""The facts of the table are measured, the figure shows them, and dead units are counted right."""

import io
import math
from dataclasses import fields, replace
from functools import partial

import keras
import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import torch

from reports import activation_report, dead_units, environment, figures
from reports.activation_curves import ELEMENTWISE, curve, distance
from reports.activation_figure import HEIGHTS, ROW_HEIGHT
from reports.activation_table import measure, to_frame
from reports.dead_units import HALVES, Recipe, Trained
from reports.panels import DOTS_PER_INCH
from reports.writing import replace_whole
from shared.catalogue import ACTIVATIONS

CONCEPTS = {concept.name: concept for concept in ACTIVATIONS}
TENSORFLOW, TORCH = figures.PARTIES
TRAINED = Trained(units=64, dead_before=1, dead=2, died=1, accuracy=0.9)
COUNTED = [field.name for field in fields(Trained)]
BRIEF = Recipe(epochs=1)


def planted(function):
    """torch's half with another function in the place of every concept."""
    return replace(TORCH, find=lambda concept, options: function)


def reported(facts):
    return activation_report.markdown(facts, BRIEF, environment.describe(["cpu"], seconds=1.0))


@pytest.mark.parametrize(
    ("function", "interval"),
    [
        (torch.nn.functional.softsign, "(−1, 1)"),
        (torch.nn.functional.relu6, "[0, 6]"),
        (lambda x: torch.relu(x) + 1, "[1, ∞)"),
        (lambda x: -torch.exp(-torch.abs(x)), "[−1, 0)"),
        (torch.square, "[0, ∞)"),
        (lambda x: x / torch.sqrt(1 + torch.abs(x)), "(−∞, ∞)"),
    ],
)
def test_the_range_is_that_of_the_function_measured(function, interval):
    assert measure(planted(function), CONCEPTS["relu"], TRAINED).interval == interval


def test_every_other_fact_too():
    facts = measure(planted(lambda x: 3 * torch.tanh(x)), CONCEPTS["sigmoid"], TRAINED)
    assert (facts.mean, facts.oddness, facts.steepest) == (0, 0, 3)
    assert facts.saturates == "left and right"
    shifted = measure(planted(lambda x: torch.relu(x) + 1), CONCEPTS["tanh"], TRAINED)
    assert math.isclose(shifted.mean, 1 + 1 / math.sqrt(2 * math.pi), rel_tol=1e-4)  # of N(0, 1)
    assert (shifted.oddness, shifted.slope_left, shifted.slope_right) == (12, 0, 1)
    assert shifted.saturates == "left"


def test_the_report_shows_a_planted_activation_beside_the_true_one():
    true = measure(TENSORFLOW, CONCEPTS["relu"], TRAINED)
    other = measure(
        planted(lambda x: torch.relu(x) + 1), CONCEPTS["relu"], replace(TRAINED, dead=4)
    )
    text = reported([true, other])
    assert "[0, ∞) / [1, ∞)" in text
    assert "3.12% (2 of 64) / 6.25% (4 of 64)" in text
    assert "do not find the same for relu" in text
    assert "[0, ∞) / [1, ∞)" not in reported([true, replace(true, half="torch")])


def test_the_ranges_that_the_notes_give_are_the_measured_ones():
    ranges, _ = activation_report.CLAIMS["Output Range"]
    for name, interval in ranges.items():
        for party in figures.PARTIES:
            assert measure(party, CONCEPTS[name], TRAINED).interval == interval


@pytest.mark.parametrize("concept", ACTIVATIONS, ids=lambda concept: concept.name)
def test_the_halves_curves_coincide_and_bend_at_the_same_places(concept):
    one, other = curve(TENSORFLOW, concept), curve(TORCH, concept)
    low, high = HEIGHTS
    assert distance(one, other) < (high - low) / (ROW_HEIGHT * DOTS_PER_INCH)  # a pixel
    assert one.kinks == other.kinks


def test_kinks_carry_the_conventions_of_the_catalogue():
    at = {
        name: [(kink.x, kink.at) for kink in curve(TORCH, CONCEPTS[name]).kinks]
        for name in ("relu", "leaky_relu", "hard_tanh", "maxout", "elu", "sigmoid")
    }
    assert at == {
        "relu": [(0, 0)], "leaky_relu": [(0, 0.01)], "hard_tanh": [(-1, 0), (1, 0)],
        "maxout": [(0, 1)], "elu": [], "sigmoid": [],
    }  # fmt: skip


def test_the_figure_is_a_picture_of_what_was_measured():
    one, other = (
        matplotlib.image.imread(io.BytesIO(figures.figure([CONCEPTS["relu"]], (TENSORFLOW, party))))
        for party in (TORCH, planted(torch.tanh))
    )
    assert one.shape[1] == 2000
    colours = np.unique(one[::4, ::4].reshape(-1, one.shape[2]), axis=0)
    assert len(colours) > 50
    assert one.shape == other.shape and (one != other).any()


def constructed(name):
    """Two hidden layers of relu: units that live, that never fire, and that fire for one image."""
    first = np.array([[1.0, -1.0, 1.0]]), np.array([0.0, 0.0, -2.5])
    second = np.array([[1.0, -1.0], [0.0, 0.0], [0.0, 0.0]]), np.array([0.0, 0.0])
    layers = []
    for W, b in (first, second, (np.ones((2, 1)), np.zeros(1))):
        if name == "torch":
            dense = torch.nn.Linear(*W.shape, dtype=torch.float64)
            dense.load_state_dict({"weight": torch.tensor(W.T), "bias": torch.tensor(b)})
        else:
            dense = keras.layers.Dense(W.shape[1], dtype="float64")
            dense.build((None, W.shape[0]))
            dense.set_weights((W, b))
        options = {} if name == "torch" else {"dtype": "float64"}
        layers += [dense, HALVES[name].layers.ReLU(**options)]
    return layers[:-1]


@pytest.mark.parametrize("name", HALVES)
def test_dead_units_are_counted_in_a_constructed_network(name):
    images = np.array([[1.0], [2.0], [3.0]])
    dead = partial(dead_units.dead_units, HALVES[name].framework, constructed(name))
    # the units are x, −x and x − 2.5, then h and −h of the first of them
    assert dead(images).tolist() == [False, True, False, False, True]
    assert dead(images[:2]).tolist() == [False, True, True, False, True]
    assert dead(np.concatenate([images, -images])).tolist() == [False] * 4 + [True]


@pytest.mark.parametrize(("concept", "learning_rate"), [("relu", 1.5), ("prelu", 0.125)])
def test_both_halves_train_the_same_network(concept, learning_rate):
    def trained(half, rate):
        recipe = replace(BRIEF, learning_rate=rate)
        return dead_units.train(HALVES[half], CONCEPTS[concept], recipe)

    one, other, untrained = (
        trained(*how)
        for how in (("TensorFlow", learning_rate), ("torch", learning_rate), ("torch", 0.0))
    )
    assert one == other != untrained
    assert (one.died > 0) == (concept == "relu")
    assert (untrained.died, untrained.dead) == (0, one.dead_before)


def test_a_diverged_network_has_no_share_of_dead_units():
    recipe = replace(BRIEF, learning_rate=1e6)
    trained = dead_units.train(HALVES["torch"], CONCEPTS["identity"], recipe)
    assert math.isnan(trained.dead)
    assert measure(TORCH, CONCEPTS["identity"], trained).dead_share == "diverged"


def test_the_command_writes_every_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "ACTIVATIONS", [CONCEPTS["relu"]])
    monkeypatch.setattr(figures, "ELEMENTWISE", [CONCEPTS["relu"]])
    monkeypatch.setattr(dead_units, "Recipe", partial(Recipe, epochs=1))
    monkeypatch.setattr(figures.path_costs, "LAYERS", range(1, 4))
    monkeypatch.setattr(
        figures.signal_sizes, "measure", partial(figures.signal_sizes.measure, ("relu",))
    )
    trainings = partial(figures.optimizer_losses.measure, epochs=2)
    monkeypatch.setattr(figures.optimizer_losses, "measure", trainings)
    monkeypatch.setattr(figures.vanishing, "CELLS", {"RNN": figures.vanishing.CELLS["RNN"]})
    monkeypatch.setattr(figures, "TRAINING", [replace(figures.TRAINING[0], steps=2)])
    brief = partial(figures.autoencodings.measure, epochs=1)
    monkeypatch.setattr(figures.autoencodings, "measure", brief)
    brief = partial(figures.adversaries.measure, epochs=1)
    monkeypatch.setattr(figures.adversaries, "measure", brief)
    monkeypatch.setattr(figures, "SAMPLE", tmp_path / "sample")
    assert figures.main(["--output", str(tmp_path / "output"), "--sample"]) == 0
    output, sample = ({p.name: p.read_bytes() for p in (tmp_path / folder).iterdir()}
                      for folder in ("output", "sample"))  # fmt: skip
    names = ("autoencoders", "decays", "descents", "divergence", "gan", "optimizer_losses",
             "path_costs", "signal_sizes", "vanishing")  # fmt: skip
    assert sorted(output) == [
        *("activation_table.csv", "activation_table.md", "activations.png"),
        *(f"{name}.{kind}" for name in names for kind in ("csv", "md", "png")),
    ]
    assert output == sample
    assert output["activations.png"].startswith(b"\x89PNG")
    assert b"- Versions: python" in output["activation_table.md"]
    table = pd.read_csv(io.BytesIO(output["activation_table.csv"]))
    assert list(table["half"]) == ["TensorFlow", "torch"]
    assert "output" in capsys.readouterr().out


def test_bytes_are_written_as_they_are(tmp_path):
    content = bytes(range(256)) + b"\r\n"
    replace_whole(tmp_path, {"picture.png": content, "words.md": "a\r\nb\n≥"})
    assert (tmp_path / "picture.png").read_bytes() == content
    assert (tmp_path / "words.md").read_bytes() == "a\r\nb\n≥".encode()


def test_the_committed_sample_shows_what_is_measured_today():
    sample = pd.read_csv(figures.SAMPLE / "activation_table.csv")
    facts = [
        measure(party, CONCEPTS[row["activation"]], Trained(*row[COUNTED]))
        for party in figures.PARTIES
        for _, row in sample[sample["half"] == party.name].iterrows()
    ]
    facts.sort(key=lambda f: list(CONCEPTS).index(f.activation))
    assert list(dict.fromkeys(sample["activation"])) == [c.name for c in ELEMENTWISE]
    table = reported(facts).split("\n\n")[2]
    assert table in (figures.SAMPLE / "activation_table.md").read_text(encoding="utf-8")
    columns = list(to_frame(facts))
    assert list(sample)[: len(columns)] == columns
    assert 50_000 < (figures.SAMPLE / "activations.png").stat().st_size < 400_000
