"""The GAN learns in both halves, its runs part as they should, and the report shows it."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from parity_tests.parties import HALVES
from reports import adversaries, environment, gan_report
from reports.adversaries import DTYPES, HIDDEN, LATENT, PIXELS, initial
from shared.data import load_digits
from shared.noise import latent

EPOCHS = 8
DESCRIBED = environment.describe(["cpu"], seconds=1.0)


every_half = pytest.mark.parametrize("half", HALVES, ids=lambda half: half.name)


@pytest.fixture(scope="module")
def game():
    return adversaries.measure(epochs=EPOCHS)


def distance(images):
    """The mean squared difference of pixels to the digit that is nearest, on average."""
    digits = load_digits()[0]
    return np.mean([np.min(np.mean((digits - image) ** 2, axis=1)) for image in images])


@every_half
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_what_is_generated_comes_nearer_to_digits_and_is_not_one_image(half, seed):
    noise = latent(LATENT, seed)(0, 2, adversaries.SAMPLES)
    _, generator = initial(half, "float64", seed)
    before = half.framework.array(generator(half.framework.tensor(noise)))
    after = adversaries.train(half, "float64", seed, EPOCHS).images
    assert distance(after) < distance(before) / 2
    # images of one and the same digit would scatter less than a quarter of what all digits do
    assert after.std(axis=0).mean() > load_digits()[0].std(axis=0).mean() / 4


def test_float32_runs_part_by_far_more_than_float64_runs(game):
    apart = game.apart
    assert apart["step"].tolist() == [1, *range(10, 29 * EPOCHS + 1, 10)]
    assert (apart["float64"] < 1e-6 * apart["float32"]).all()
    # as far as one rounding of the largest weights at first, and farther in the end
    assert (apart[list(DTYPES)].iloc[0] > 0).all()
    assert (apart[list(DTYPES)].iloc[-1] > apart[list(DTYPES)].iloc[0]).all()
    assert game.images_apart("float64") < 1e-6 * game.images_apart("float32")


@every_half
def test_all_weights_of_both_players_are_kept_alike(half):
    players = initial(half, "float64", seed=3)
    found = adversaries.flat(half, players)
    assert len(found) == (PIXELS + 2) * HIDDEN + 1 + (LATENT + 1) * HIDDEN + (HIDDEN + 1) * PIXELS
    np.testing.assert_array_equal(
        found, adversaries.flat(HALVES[0], initial(HALVES[0], "float64", 3))
    )


def test_the_files_hold_the_same_numbers(game):
    files = gan_report.files(game, DESCRIBED)
    assert files["gan.png"].startswith(b"\x89PNG")
    table = pd.read_csv(io.StringIO(files["gan.csv"]))
    assert list(table) == ["step", *DTYPES, "time"]
    np.testing.assert_array_equal(table[list(DTYPES)], game.apart[list(DTYPES)])
    text = files["gan.md"]
    assert f"{29 * EPOCHS:,} steps" in text
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|   ")]
    assert rows[1:] == ["1", "10", "100", str(table["step"].iloc[-1])]


def test_a_weight_bent_in_one_half_shows(game):
    one, other = game.halves["float64"]
    bent = other._replace(weights=other.weights + np.eye(*other.weights.shape, k=5))
    found = replace(game, halves={**game.halves, "float64": (one, bent)})
    near = np.abs(found.apart["float64"] - 1) < 1e-9
    assert near.all()
