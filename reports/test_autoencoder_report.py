"""What is said of each kind of autoencoder holds in both halves, and the report shows it."""

import io

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from parity_tests.parties import HALVES
from reports import autoencoder_report, autoencodings, environment
from reports.autoencodings import (
    IMAGES,
    KINDS,
    Autoencoding,
    baselines,
    held_out,
    train,
    trained_on,
)
from reports.pictures import strip
from shared.data import load_digits

SEEDS = (3, 4, 5)
EPOCHS = 24  # as many as tell the kinds apart
DESCRIBED = environment.describe(["cpu"], seconds=1.0)


every_half = pytest.mark.parametrize("half", HALVES, ids=lambda half: half.name)


@pytest.fixture(scope="module", params=SEEDS)
def kinds(request):
    """Kind -> what was measured of it, of each half."""
    return {
        kind: Autoencoding(
            kind, tuple(train(half, kind, request.param, EPOCHS) for half in HALVES)
        ).measured()
        for kind in KINDS
    }


@pytest.fixture(scope="module")
def brief():
    return autoencodings.measure(epochs=1)


@pytest.mark.parametrize("place", range(len(HALVES)), ids=[half.name for half in HALVES])
def test_each_kind_does_what_it_is_for(kinds, place):
    """Against what the loss of the others gives, and against doing without."""
    without = baselines()
    found = {k: {n: values[place] for n, values in m.items()} for k, m in kinds.items()}
    plain = found["plain"]
    for of_kind in found.values():
        assert of_kind["error"] < without["error"] / 2
        assert of_kind["error from noise"] < without["error from noise"] / 2
    assert plain["error"] == min(of_kind["error"] for of_kind in found.values())
    assert found["denoising"]["error from noise"] < plain["error from noise"]
    assert found["sparse"]["mean activation"] < plain["mean activation"] / 2
    assert found["sparse"]["units above ½"] < plain["units above ½"] / 2
    assert found["contractive"]["mean ‖∂h/∂x‖"] < plain["mean ‖∂h/∂x‖"] / 2


@every_half
def test_the_jacobian_is_that_of_the_code_by_differences(half):
    """h a step to each side of an image along each pixel; the error is that of the step squared."""
    model, s = autoencodings.initial(half, seed=3), 2.0**-17
    x = held_out()[0][0]

    def code(images):
        return half.framework.array(model.encode(half.framework.tensor(images)))

    J, wider = (
        (code(x + k * s * np.eye(64)) - code(x - k * s * np.eye(64))) / (2 * k * s) for k in (1, 2)
    )
    allowed = np.linalg.norm(wider - J) + 64 * 2.0**-52 / s
    _, jacobians = autoencodings.coded(half, model, x[None])
    (found,) = jacobians
    assert abs(found - np.linalg.norm(J)) <= allowed < 1e-6 * found


def test_images_held_out_are_none_of_those_trained_on():
    x = load_digits()[0]
    clean, noisy = held_out()
    assert len(clean) == len(noisy) == len(x) - IMAGES
    np.testing.assert_array_equal(np.concatenate([trained_on()[0], clean]), x)
    of_noise = baselines()["error from noise"]
    assert abs(of_noise / autoencodings.STDDEV**2 - 1) < 5 * np.sqrt(2 / clean.size)


def test_the_table_holds_what_was_measured(brief):
    files = autoencoder_report.files(brief, DESCRIBED)
    text = files["autoencoders.md"]
    for one in brief:
        (line,) = (li for li in text.splitlines() if li.startswith(f"| {one.kind} "))
        for values in one.measured().values():
            assert autoencoder_report.number(values[0]) in line
    table = pd.read_csv(io.StringIO(files["autoencoders.csv"]))
    assert list(table["kind"]) == [kind for kind in KINDS for _ in HALVES]
    assert table["error"].tolist() == [v for one in brief for v in one.measured()["error"]]


def test_the_figure_shows_both_halves(brief):
    def bent(place):
        halves = list(brief[0].halves)
        halves[place] = halves[place]._replace(reconstructed=1 - halves[place].reconstructed)
        return [Autoencoding("plain", tuple(halves)), *brief[1:]]

    shown = [bent(0), bent(1), brief]
    pictures = [
        matplotlib.image.imread(io.BytesIO(autoencoder_report.draw(found)))[:, 700:]
        for found in shown
    ]
    for i, one in enumerate(pictures):
        assert one.shape == (pictures[0].shape[0], 1300, 4)
        assert not any(np.array_equal(one, other) for other in pictures[:i])


def test_a_strip_has_its_images_side_by_side():
    images = np.arange(128.0).reshape(2, 64)
    found = strip(images)
    np.testing.assert_array_equal(found[:, :8], images[0].reshape(8, 8))
    np.testing.assert_array_equal(found[:, 10:], images[1].reshape(8, 8))
    assert np.isnan(found[:, 8:10]).all()
