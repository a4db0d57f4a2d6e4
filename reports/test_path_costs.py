"""Paths double with each layer, multiplications are counted, and the report shows both."""

import io
from dataclasses import replace
from functools import partial

import matplotlib.image
import pandas as pd
import pytest

from parity_tests.graphs import network_weights
from reports import environment, path_costs, path_figure
from reports.panels import DOTS_PER_INCH
from reports.path_costs import HALVES, Cost
from shared.graph_bounds import derivative_bound
from shared.reference.graph import backward, network

every_half = pytest.mark.parametrize("half", HALVES, ids=lambda half: half.framework.NAME)
EXAMPLES = [
    Cost(name, layers, 2**layers, 4 * layers, 2**layers * (layers + 1), 4 * layers,
         path_seconds=1e-3 * 2**layers, backward_seconds=1e-3 * layers,
         path_derivative=0.25, backward_derivative=0.25)
    for layers in (1, 2, 3)
    for name in ("TensorFlow", "torch")
]  # fmt: skip


@every_half
@pytest.mark.parametrize("layers", [1, 2, 5])
def test_what_a_network_costs(half, layers):
    cost = path_costs.measure(layers, half, repeats=1)
    assert cost.half == half.framework.NAME
    assert (cost.layers, cost.paths, cost.edges) == (layers, 2**layers, 4 * layers)
    assert cost.path_multiplications == cost.paths * (layers + 1)  # of its edges along each path
    assert cost.backward_multiplications == cost.edges
    assert cost.path_seconds > 0 and cost.backward_seconds > 0
    build = partial(network, path_costs.INPUT, network_weights(layers, path_costs.WIDTH))
    bound = 2 * derivative_bound(build, "w", "o", "float64")
    assert abs(cost.path_derivative - cost.backward_derivative) <= bound
    assert abs(cost.path_derivative - backward(build(), "o")["w"]) <= bound


@every_half
def test_multiplications_are_counted_and_nothing_else(half):
    x = half.framework.tensor(2.0)
    assert half.multiplications(lambda: x * x * x + x - x / x) == 2
    assert half.multiplications(lambda: x + x) == 0


@every_half
def test_the_median_run_is_reported_without_the_first(half):
    times = iter([0, 100, 200, 200, 203, 204, 300, 301, 303, 400, 402, 407])
    assert path_costs.seconds(lambda: next(times), [int, int], repeats=3) == [2, 2]


def test_every_number_of_layers_is_measured_in_both_halves():
    costs = path_costs.table([1, 2])
    assert [(c.layers, c.half) for c in costs] == [
        (layers, half.framework.NAME) for layers in (1, 2) for half in HALVES
    ]


def test_the_table_says_once_what_both_halves_agree_on():
    described = environment.describe(["cpu"], seconds=1.0)
    other = replace(EXAMPLES[-1], backward_multiplications=13, path_derivative=0.3)
    text = path_costs.markdown([*EXAMPLES[:-1], other], described)
    [row] = [line for line in text.splitlines() if line.startswith("| 3 ")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == ["3", "8", "12", "32", "12 / 13", "8.0 ms", "3.0 ms", "0.25"]
    assert "at most 2e-01 of their size apart" in text
    assert described.versions in text
    frame = pd.read_csv(io.StringIO(path_costs.csv(EXAMPLES, described)))
    assert list(frame["paths"]) == [2, 2, 4, 4, 8, 8]
    assert frame["processor"].nunique() == 1


def test_the_figure_shows_what_was_measured():
    slower = [replace(cost, backward_seconds=2 * cost.backward_seconds) for cost in EXAMPLES]
    one, same, other = (
        matplotlib.image.imread(io.BytesIO(path_figure.draw(costs, "a note")))
        for costs in (EXAMPLES, EXAMPLES, slower)
    )
    assert one.shape[1] == path_figure.SIZE[0] * DOTS_PER_INCH
    assert (one == same).all() and (one != other).any()
