"""Descents are walked by each half as the reference does, and the report shows what was walked."""

import io
from dataclasses import replace

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from reports import descent_figure, descent_report, environment
from reports.descents import BOWL, DESCENTS, FLAT, GLOBAL, HILL, LOCAL, NARROW, VALLEYS, Descent
from reports.panels import DOTS_PER_INCH
from reports.walks import HALVES, NEAR, Walk, measure, reached, walk
from shared import comparison

SURFACES = {surface.name: surface for surface in (BOWL, NARROW, VALLEYS)}
ALL = {f"{panel} {name}": descent for panel, by_name in DESCENTS.items()
       for name, descent in by_name.items()}  # fmt: skip
DESCRIBED = environment.describe(["cpu"], seconds=1.0)
STEPS = 30

every_half = pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
every_descent = pytest.mark.parametrize("descent", ALL.values(), ids=ALL)


def brief(descent):
    return replace(descent, steps=STEPS)


@pytest.fixture(scope="module")
def walked():
    return measure()


@every_half
@pytest.mark.parametrize("name", SURFACES)
def test_a_surface_slopes_as_the_derivation_says(half, name):
    surface = SURFACES[name]
    for W in np.random.default_rng(0).uniform(-2, 2, size=(5, len(surface.optimum))):
        _, (g,) = half.framework.value_and_gradients(surface.value, W)
        truth, bound = slope(surface, W)
        assert comparison.compare(g, truth, bound, "float64").agrees


def slope(surface, W):
    """The gradient derived by hand, and how far rounding may bring another from it."""

    def gradient(nudge):
        return surface.gradient(nudge(W), nudge)

    g = gradient(lambda values: values)
    largest = np.max(np.abs(g)) + 0 * g
    movement = comparison.movement(gradient)
    return g, comparison.sensitivity_bound(movement, largest, "float64", multiple=4, floor=4)


def test_the_valleys_are_where_the_figure_says():
    def height(w):
        return VALLEYS.value(np.array([w]))

    near = 0.01
    for w, side in ((LOCAL, 1), (HILL, -1), (GLOBAL, 1)):
        assert all(side * (height(w + d) - height(w)) > 0 for d in (-near, near))
    assert height(GLOBAL) == 0 < height(LOCAL) < height(HILL)
    # nearly flat: there the slope is the smallest of all the way down to the local optimum
    w = np.linspace(-2.2, (FLAT + LOCAL) / 2, 200)
    steepness = -np.diff(height(w))
    assert (steepness > 0).all()
    assert abs(w[np.argmin(steepness)] - FLAT) < 0.1


@every_half
@every_descent
def test_a_half_walks_where_the_reference_does(half, descent):
    descent = brief(descent)
    found = comparison.compare(walk(half, descent), descent.truth(), descent.bound, "float64")
    assert found.agrees, found


def test_rates_are_numbers_of_float32_which_keras_keeps_as_they_are():
    assert all(
        np.float32(descent.learning_rate) == descent.learning_rate for descent in ALL.values()
    )


def test_the_paths_show_what_the_notes_say(walked):
    arrived = {(w.panel, w.name): reached(w.descent, w.paths[1]) for w in walked}
    zigzag, smooth = arrived["zigzag", "SGD"], arrived["smoothed", "Momentum"]
    assert smooth < zigzag
    assert arrived["valleys", "SGD"] is None and arrived["valleys", "Momentum"]
    assert arrived["look_ahead", "Nesterov"] < arrived["look_ahead", "Momentum"]
    assert arrived["rates", "right"]
    assert arrived["rates", "too small"] is arrived["rates", "too large"] is None
    by_name = {(w.panel, w.name): w for w in walked}
    # plain descent crosses the valley at every step, and comes to rest at the local optimum
    y = by_name["zigzag", "SGD"].paths[1][:, 1]
    assert (np.sign(y[1:]) == -np.sign(y[:-1])).all()
    stays = by_name["valleys", "SGD"].paths[1][-1, 0]
    assert abs(stays - LOCAL) < HILL - LOCAL
    y = by_name["rates", "too large"].paths[1][:, 1]
    assert (np.abs(y[1:]) > np.abs(y[:-1])).all()
    others = [arrived["narrow", name] for name in ("DeltaBarDelta", "AdaGrad", "Adam")]
    assert max(others) < arrived["narrow", "SGD"]


def test_a_path_arrives_when_it_stays():
    descent = Descent(BOWL, "SGD", 0.5, steps=4, start=(2.0, 0.0))

    def arrival(*distances):
        return reached(descent, np.array([[2.0, 0.0], *([d, 0.0] for d in distances)]))

    near, far = 2 * NEAR, 4 * NEAR
    assert arrival(far, near, near, near) == 2
    assert arrival(near, near, far, near) == 4
    assert arrival(near, near, near, far) is None
    assert arrival(near, near, near, np.nan) is None
    assert arrival(near, 0.0, near, 0.0) == 1


def moved(walked, by):
    """The same walks, but torch's steps by SGD have each been this much longer."""
    return [
        replace(w, paths=(w.paths[0], w.paths[1] + by)) if w.name == "SGD" else w for w in walked
    ]


def test_the_table_tells_how_far_apart_the_halves_are(walked):
    assert max(w.used for w in walked) <= 1
    text = descent_report.markdown(walked, DESCRIBED)
    equal = sum(np.array_equal(*w.paths) for w in walked)
    assert f"{equal} of {len(walked)} pairs of paths are equal bit for bit" in text
    [line] = [line for line in text.splitlines() if "α = 7/32 " in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:4] == ["x² + 4y²", "SGD", "α = 7/32", "40"]
    assert cells[6:] == ["step 12", "0", "0.0%"]
    other = descent_report.markdown(moved(walked, 0.5), DESCRIBED)
    assert " / " in other.split("One entry")[0] and "0.5" in other
    assert "at most 5e-01 apart" in other


def test_the_csv_holds_where_each_path_ends(walked):
    table = pd.read_csv(io.StringIO(descent_report.csv(moved(walked, 0.5), DESCRIBED)))
    assert len(table) == 2 * len(walked)
    for place, w in enumerate(moved(walked, 0.5)):
        for line, path in zip((2 * place, 2 * place + 1), w.paths, strict=True):
            found = table.iloc[line]
            assert found[["x", "y"][: path.shape[1]]].tolist() == path[-1].tolist()
            assert found["loss"] == w.descent.surface.value(path[-1])
            arrived = reached(w.descent, path)
            assert np.isnan(found["arrived"]) if arrived is None else found["arrived"] == arrived


def test_the_figure_shows_both_halves(walked):
    def panels(walked):
        picture = matplotlib.image.imread(io.BytesIO(descent_figure.draw(walked)))
        assert picture.shape[1] == descent_figure.SIZE[0] * DOTS_PER_INCH
        return picture[: int(0.95 * len(picture))]  # without the words beneath them

    exchanged = [replace(w, paths=w.paths[::-1]) for w in moved(walked, 0.5)]
    pictures = [panels(of) for of in (walked, moved(walked, 0.5), exchanged)]
    for i, one in enumerate(pictures):
        assert not any(np.array_equal(one, other) for other in pictures[:i])


def test_every_descent_is_walked_by_both_halves():
    one = {"panel": {"path": Descent(BOWL, "SGD", 0.25, steps=1, start=(1.0, 1.0))}}
    [found] = measure(one)
    assert isinstance(found, Walk) and (found.panel, found.name) == ("panel", "path")
    assert [path.tolist() for path in found.paths] == 2 * [[[1.0, 1.0], [0.5, -1.0]]]
