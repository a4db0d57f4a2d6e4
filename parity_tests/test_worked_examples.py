"""Every derivative that the notes work out, by both algorithms in both halves, and misprints."""

from functools import partial

import mpmath
import numpy as np
import pytest

from parity_tests.graphs import PARTIES, POINTS, arrays_of, assert_within, both, drawn
from shared.data import load_home_prices
from shared.errata import DERIVATIVES
from shared.graph_bounds import derivative_bound, value_bound
from shared.reference import graph as reference

mp = mpmath.mp.clone()  # a context of its own, so that no one else's precision changes
mp.dps = 50
FIGURE = "cos(w²) + sin(w²), Figure 3.3"
every_example = pytest.mark.parametrize("worked", DERIVATIVES.values(), ids=list(DERIVATIVES))


@pytest.fixture
def party(half):
    return PARTIES[half.framework.NAME]


def precisely(function, worked):
    """A function of the example's sources at `POINTS`, in arithmetic with 50 digits."""
    places = zip(*arrays_of(worked.sources).values(), strict=True)
    return np.array([float(function(mp, *map(mp.mpf, place))) for place in places])


@every_example
def test_every_derivative_of_the_notes(party, worked):
    arrays = arrays_of(worked.sources)
    build = partial(reference.build, arrays, worked.steps)
    graph, by_hand = drawn(party, worked.sources, worked.steps), build()
    whole = partial(worked.value, party.functions)
    _, gradients = party.framework.value_and_gradients(whole, *arrays.values())
    own = dict(zip(worked.sources, gradients, strict=True))
    for w, true in worked.true.items():
        found = [*both(reference, by_hand, w), *both(party.graph, graph, w)]
        found += [own[w]] if w in own else []
        bound = derivative_bound(build, w, "o", "float64")
        assert_within(found, precisely(true, worked), bound)


@every_example
def test_every_value_of_the_notes(party, worked):
    build = partial(reference.build, arrays_of(worked.sources), worked.steps)
    found = build().y["o"], drawn(party, worked.sources, worked.steps).y["o"]
    bound = value_bound(build, "o", "float64")
    assert_within(found, precisely(worked.value, worked), bound)


@every_example
def test_what_the_notes_print_is_right_or_shown_to_be_a_misprint(worked):
    build = partial(reference.build, arrays_of(worked.sources), worked.steps)
    for w, printed in worked.printed.items():
        true, printed = (precisely(f, worked) for f in (worked.true[w], printed))
        right = np.abs(printed - true) <= derivative_bound(build, w, "o", "float64")
        assert right.all() != worked.misprint and right.any() != worked.misprint


def test_the_misprinted_derivative_of_a_cosine_is_the_one_with_respect_to_w():
    worked = DERIVATIVES["cos(w²)"]
    assert worked.misprint
    assert (precisely(worked.printed["g"], worked) == precisely(worked.true["w"], worked)).all()


def test_the_slope_of_the_first_house(party):
    (area, bedrooms), price = (column[0] for column in load_home_prices())
    worked = DERIVATIVES["squared error of the first house"]
    ones = dict.fromkeys(worked.sources, party.framework.tensor(np.array(1.0)))
    graph = party.graph.build(ones, worked.steps)
    e = float(graph.y["e"])
    assert (e, float(graph.y["o"])) == (price - (area + bedrooms + 1), 1283689)
    assert [float(party.graph.backward(graph, "o")[w]) for w in worked.sources] == [
        -2 * e * area, -2 * e * bedrooms, -2 * e,
    ]  # fmt: skip


PATHS = {
    "1/(1 + exp(−1/(1 + exp(−w))))": {"w": 1},
    "cos(w²)": {"w": 1, "g": 1, "o": 1},
    "cos(w²) + sin(w²), Figure 3.3": {"w": 2, "y": 1, "z": 1},
    "squared error of the first house": {"w1": 1, "w2": 1, "b": 1},
    "2x⁴ − 7y²⁰ + z + 5": {"x": 4, "y": 20, "z": 1},  # ∂yⁿ/∂y: n paths, y^(n−1) along each
    "x − 3 + 2y": {"x": 1, "y": 1},
    "cos(x) sin(x)": {"x": 2},
    "(x + 5)(x − 2)": {"x": 2},
    "7": {"x": 0},
    "9x": {"x": 1},
}


@every_example
def test_the_paths_of_the_examples(party, worked):
    graph = drawn(party, worked.sources, worked.steps)
    for w, count in PATHS[worked.what].items():
        found = list(party.graph.paths(graph, w, "o"))
        names = {tuple((*(i for i, _, _ in path), "o")) for path in found}
        assert len(found) == party.graph.count_paths(graph, w, "o") == count
        assert all(way[0] == w for way in names)
        assert names == {tuple((*(i for i, _, _ in path), "o"))
                         for path in reference.paths(graph, w, "o")}  # fmt: skip


def test_the_examples_in_one_variable_as_functions_in_every_mode(party, mode):
    """Their gradients found on the graph by either algorithm; one example alone is compiled."""
    w, g = POINTS[0], np.ldexp(1.0, np.arange(-2, 4))  # powers of two, by which nothing is rounded
    single = [name for name, worked in DERIVATIVES.items() if len(worked.sources) == 1]
    cases = [
        {"what": what, "by": by}
        for what in (single if mode == "eager" else [FIGURE])
        for by in party.graph.ALGORITHMS
    ]
    calls = [(partial(party.graph.worked_example, **case), (w,), g, None) for case in cases]
    results = party.framework.evaluate(calls, mode)
    for case, (h, (g_w,), _) in zip(cases, results, strict=True):
        worked = DERIVATIVES[case["what"]]
        [name] = worked.sources
        build = partial(reference.build, {name: w}, worked.steps)
        bound = value_bound(build, "o", "float64")
        assert_within(
            [h, reference.worked_example(w, **case)], precisely(worked.value, worked), bound
        )
        bound = derivative_bound(build, name, "o", "float64")
        on_paper = reference.worked_example_gradient(g, w, **case)
        assert_within([g_w / g, on_paper / g], precisely(worked.true[name], worked), bound)
