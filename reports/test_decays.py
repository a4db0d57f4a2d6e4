"""Schedules are drawn as both halves give them, and the notes' numbers stand beside them."""

import io
from dataclasses import replace

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from reports import decay_report, environment
from reports.activation_table import number
from reports.decays import DECAYS, HALVES, LOSSES, Plateau, measure
from reports.panels import DOTS_PER_INCH
from shared import comparison

DESCRIBED = environment.describe(["cpu"], seconds=1.0)
every_curve = pytest.mark.parametrize("place", range(len(DECAYS)), ids=[d.name for d in DECAYS])


@pytest.fixture(scope="module")
def curves():
    return measure()


@every_curve
def test_the_rates_are_the_references(curves, place):
    decay, rates = DECAYS[place], curves[place].rates
    for found in rates:
        assert comparison.compare(found, decay.truth(), decay.bound(), "float64").agrees
    assert curves[place].difference.agrees
    assert len(rates[0]) == len(rates[1]) == decay.epochs + 1


def test_a_printed_rate_is_the_measured_one_to_its_digits(curves):
    printed = [(curve, t) for curve in curves for t in curve.decay.printed]
    assert len(printed) == 5
    for curve, t in printed:
        notes = curve.decay.printed[t]
        digits = len(f"{notes}".split(".")[1])
        assert [round(float(rates[t]), digits) for rates in curve.rates] == [notes, notes]


def test_the_plateaus_are_three_epochs_long(curves):
    [plateau] = [curve for curve in curves if isinstance(curve.decay, Plateau)]
    for rates in plateau.rates:
        (falls,) = np.nonzero(np.diff(rates))
        for fall in falls:  # the epoch whose loss brought it about
            best = min(LOSSES[: fall - 2])
            assert min(LOSSES[fall - 2 : fall + 1]) >= best > 0
        assert len(falls) == 2


def test_only_a_rate_that_a_callback_changes_is_kept_in_float32(curves):
    for curve in curves:
        is_plateau = isinstance(curve.decay, Plateau)
        assert (curve.apart > np.finfo("float64").eps) == is_plateau
        assert (curve.rates[0].astype("float32") == curve.rates[0]).all() == is_plateau


def planted(curves):
    """The same, but for another rate of torch's in epoch 10 of the first."""
    one, other = curves[0].rates
    other = other.copy()
    other[10] = 0.02
    return [replace(curves[0], rates=(one, other)), *curves[1:]]


def test_the_table_shows_what_was_measured(curves):
    def lines(curves, name):
        text = decay_report.markdown(curves, DESCRIBED)
        found = [line for line in text.splitlines() if line.startswith(f"| {name} ")]
        return [[cell.strip() for cell in line.strip("|").split("|")][2:] for line in found]

    assert [line[:3] for line in lines(curves, "ExponentialDecay")] == [
        ["0", "0.1", ""], ["10", "0.09048374", "0.09"], ["100", "0.03678794", ""],
    ]  # fmt: skip
    assert [line[1:3] for line in lines(curves, "StepDecay")][:3] == [
        ["0.1", "0.1"], ["0.05", "0.05"], ["0.025", "0.025"],
    ]  # fmt: skip
    for curve in curves:
        assert {line[3] for line in lines(curves, curve.decay.name)} == {number(curve.apart)}
    other = lines(planted(curves), "ExponentialDecay")
    assert other[1][1] == "0.09048374 / 0.02"
    assert float(other[1][4].rstrip("%")) > 100


def test_the_csv_holds_every_epoch(curves):
    table = pd.read_csv(io.StringIO(decay_report.csv(curves, DESCRIBED)))
    assert len(table) == sum(decay.epochs + 1 for decay in DECAYS)
    found = table[table["schedule"] == "CosineDecay"]
    [cosine] = [curve for curve in curves if curve.decay.name == "CosineDecay"]
    for half, rates in zip(HALVES, cosine.rates, strict=True):
        assert found[half].tolist() == rates.tolist()


def test_the_figure_shows_both_halves(curves):
    def panels(curves):
        picture = matplotlib.image.imread(io.BytesIO(decay_report.draw(curves)))
        assert picture.shape[1] == decay_report.SIZE[0] * DOTS_PER_INCH
        return picture[: int(0.9 * len(picture))]  # without the words beneath them

    other = planted(curves)
    exchanged = [replace(curve, rates=curve.rates[::-1]) for curve in other]
    pictures = [panels(of) for of in (curves, other, exchanged)]
    for i, one in enumerate(pictures):
        assert not any(np.array_equal(one, another) for another in pictures[:i])
