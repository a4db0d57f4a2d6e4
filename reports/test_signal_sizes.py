"""Signal sizes are measured right: on networks whose sizes are known, and against theory."""

import io
import math

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from reports import environment, signal_report, signal_sizes
from reports.activation_table import number
from reports.signal_sizes import CLASSES, DEEPEST, DEPTHS, DRAWS, HALVES, IMAGES, SIZES, WIDTH
from shared.data import load_digits

LAST = np.eye(WIDTH, CLASSES)  # the logits are the first units

DESCRIBED = environment.describe(["cpu"], seconds=1.0)

every_half = pytest.mark.parametrize("half", HALVES)


@pytest.fixture(scope="module")
def relu():
    return signal_sizes.measure(["relu"])


@pytest.fixture(scope="module")
def written(relu):
    return signal_report.files(relu, DESCRIBED)


@pytest.fixture
def constructed(monkeypatch):
    """Networks whose layers all have the given weights."""

    def construct(W):
        def weights(half, draw):
            tensor = HALVES[half].framework.tensor
            return *[tensor(W)] * DEEPEST, tensor(LAST)

        monkeypatch.setattr(signal_sizes, "weights", weights)

    return construct


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
@every_half
def test_layers_that_multiply_do_so_to_both_sizes(half, constructed, factor):
    constructed(factor * np.eye(WIDTH))
    h, g = signal_sizes.sizes(half, "identity", "he_normal", depth=5)
    images = load_digits()[0][:IMAGES]
    powers = factor ** np.arange(1, 6)  # of 2, so that nothing rounds
    assert h.tolist() == (powers * np.mean(images)).tolist()
    assert g.tolist() == (g[-1] * powers[::-1] / factor).tolist()


@every_half
def test_the_gradient_is_that_of_one_images_cross_entropy(half, constructed):
    constructed(np.zeros((WIDTH, WIDTH)))
    h, g = signal_sizes.sizes(half, "relu", "he_normal", depth=2)
    # every class has p = 0.1: ∂L/∂z is p − 1 for the label and p for the 9 others
    assert h.tolist() == [0, 0]
    assert g[0] == 0
    assert math.isclose(g[1], (0.9 + 9 * 0.1) / WIDTH, rel_tol=1e-14)


@every_half
def test_a_shallower_network_begins_like_the_deepest(half):
    depths = [signal_sizes.sizes(half, "tanh", "orthogonal", depth) for depth in (2, 5)]
    assert depths[0][0].tolist() == depths[1][0][:2].tolist()
    assert (depths[0][1] != depths[1][1][:2]).all()


def test_relu_multiplies_by_the_factor_that_theory_gives(relu):
    """σ√(WIDTH/2) a layer; its logarithm, over the deepest network, within 5 standard errors.

    The square of a size scatters by 5/n a layer in a relu network n wide (Hanin & Nica 2020,
    Products of Many Large Random Matrices and Gradients in Deep Neural Networks).
    """
    deviations = {"normal, σ = 0.05": 0.05, "normal, σ = 0.25": 0.25}
    deviations |= {"glorot_uniform": WIDTH**-0.5, "he_normal": (2 / WIDTH) ** 0.5}
    for name, deviation in deviations.items():
        where = relu[(relu["initializer"] == name) & (relu["depth"] == DEEPEST)]
        for half in HALVES:
            g = where[where["half"] == half]["gradient_size"].to_numpy()
            found = math.log(g[0] / g[-1]) / (DEEPEST - 1)
            error = math.sqrt(5 / WIDTH / (DEEPEST - 1)) / 2
            assert abs(found - math.log(deviation * math.sqrt(WIDTH / 2))) < 5 * error


def test_the_halves_differ_by_no_more_than_rounding(monkeypatch):
    """In the network that most amplifies it, against weights moved by one rounding each.

    A sum of WIDTH products may round WIDTH times as far.
    """

    def measured(half):
        return signal_sizes.sizes(half, "tanh", "normal, σ = 0.25", DEEPEST)

    def apart(one, other):
        return np.max(np.abs(np.divide(one, other) - 1))

    one, other = map(measured, HALVES)
    original = signal_sizes.weights
    monkeypatch.setattr(
        signal_sizes, "weights", lambda *args: tuple(W * (1 + 2**-52) for W in original(*args))
    )
    assert 0 < apart(one, other) < WIDTH * apart(measured("torch"), other)


def planted(frame, half):
    """What was measured, with another gradient in layer 1 of one half."""
    frame = frame.copy()
    frame.loc[(frame["half"] == half) & (frame["layer"] == 1), "gradient_size"] = 123.0
    return frame


def test_the_tables_hold_what_was_measured(relu, written):
    text = written["signal_sizes.md"]
    lines = [line.split("|")[2:-1] for line in text.splitlines() if line.startswith("| relu ")]
    ends, depths = lines[: len(DRAWS)], lines[len(DRAWS) :]
    for (name, *ends_of_one), (_, *gradients) in zip(ends, depths, strict=True):
        where = relu[(relu["initializer"] == name.strip()) & (relu["half"] == "torch")]
        deepest, first = where[where["depth"] == DEEPEST], where[where["layer"] == 1]
        expected = [deepest[size].iloc[place] for size in SIZES for place in (0, -1)]
        factor = (expected[2] / expected[3]) ** (1 / (DEEPEST - 1))
        assert [cell.strip() for cell in ends_of_one] == [number(v) for v in (*expected, factor)]
        assert [cell.strip() for cell in gradients] == list(first["gradient_size"].map(number))
    table = signal_report.markdown(planted(relu, "torch"), DESCRIBED)
    assert " / 123 " in table and " / 123 " not in text


def test_the_panels_show_both_halves(relu, written):
    def panels(png):
        picture = matplotlib.image.imread(io.BytesIO(png))
        return picture[: int(0.9 * len(picture))]  # without the words beneath them

    pictures = [panels(signal_report.draw(planted(relu, half))) for half in HALVES]
    pictures.append(panels(written["signal_sizes.png"]))
    assert all(picture.shape[1] == 2000 for picture in pictures)
    for i, one in enumerate(pictures):
        assert not any(np.array_equal(one, other) for other in pictures[:i])


def test_the_csv_holds_every_number_shown(relu, written):
    table = pd.read_csv(io.StringIO(written["signal_sizes.csv"]))
    assert len(table) == len(HALVES) * len(DRAWS) * (DEEPEST + len(DEPTHS) - 1)
    assert list(table) == [*relu, "time"]
    assert (table[SIZES] > 0).all(axis=None)
