"""The engine finds what is wrong, and says what it is and who; and finds nothing elsewhere."""

from dataclasses import replace

import numpy as np
import pytest

from parity_tests import parties, suite, trajectories
from shared import catalogue, parity
from shared.bounds import Departure, Ulps, Where
from shared.cases import cases
from shared.evidence import FAIL, KNOWN
from shared.parity import REFERENCE, Party

EAGER = ("eager",)
BUILT_IN = "torch built-in"


def failures(rows):
    return [row for row in rows if row.verdict == FAIL]


def everything(only, modes=EAGER, five=None, dtypes=suite.DTYPES):
    """All rows of one concept, with parties of one's own."""
    chosen = cases(catalogue.select(only))
    rows = [
        row
        for dtype in dtypes
        for mode in modes
        for row in parity.compare(chosen, five or parties.five(), dtype, mode)
    ]
    return parity.conclude(rows)


def sabotaged(name, twist):
    """The five parties, one of whose functions is twisted."""
    return [
        replace(p, find=lambda c, o, find=p.find: _twisted(find(c, o), twist)) if p.name == name
        else p
        for p in parties.five()
    ]  # fmt: skip


def _twisted(function, twist):
    return lambda *inputs: twist(function(*inputs))


@pytest.mark.parametrize("name", [concept.name for concept in catalogue.ACTIVATIONS])
def test_every_concept_is_green_eagerly(name):
    rows = [row for job in suite.jobs(name, modes=EAGER) for row in suite.run(job)]
    assert not failures(suite.conclude(rows, name, modes=EAGER))


@pytest.fixture(scope="module")
def insurance():
    """The insurance run in float64, and every party's history of it."""
    (run,) = trajectories.runs(catalogue.MODELS[0], "graph")
    return run, run.histories("float64", "graph")


def insurance_rows(run, histories):
    where = ("float64", "graph", "cpu")
    return [r for t in run.row.tensors for r in trajectories.pairs(run, t, histories, where)]


def test_every_step_of_every_training_run_agrees(insurance):
    run, histories = insurance
    assert all(len(values) == 1000 for h in histories.values() for values in h.values())
    assert not failures(insurance_rows(run, histories))


def test_the_halves_agree_to_1e_12_at_step_1000(insurance):
    _, histories = insurance
    for tensor, left in histories["TensorFlow"].items():
        right = histories["torch"][tensor]
        assert np.all(np.abs(left[-1] - right[-1]) <= 1e-12 * np.abs(right[-1])), tensor


def test_a_single_step_gone_wrong_is_found(insurance):
    run, histories = insurance
    bent = {name: dict(history) for name, history in histories.items()}
    bent["torch"]["W"] = histories["torch"]["W"].copy()
    bent["torch"]["W"][500, 1] *= 1 + 1e-12
    found = failures(insurance_rows(run, bent))
    assert {row.apart for row in found} == {"torch"} and {r.index for r in found} == {"[500, 1]"}


def test_a_recorded_tensor_that_is_not_compared_is_a_failure(insurance):
    rows, where = insurance_rows(*insurance), (("float64",), ("graph",), ("cpu",))
    assert not trajectories.missing(rows, [insurance[0].row], *where)
    less = [found for found in rows if found.tensor != "b"]
    assert {gone.tensor for gone in trajectories.missing(less, [insurance[0].row], *where)} == {"b"}


@pytest.mark.parametrize("party", [p.name for p in parties.five()])
def test_a_relative_error_of_a_thousandth_is_another_formula_and_is_pinned(party):
    rows = everything("softplus", five=sabotaged(party, lambda h: h * 1.001))
    found = failures(rows)
    assert found and all(party in (row.left, row.right) for row in found)
    value = [row for row in found if row.check == "value" and row.sample == "drawn"]
    assert {row.kind for row in value} == {"other formula"}
    assert {row.apart for row in value} == {party}


def test_another_rounding_is_called_one():
    """Eight ULP of the working precision: too many, and shrinking with the precision."""

    def twist(h):
        eps = np.finfo(parties.HALVES[0].framework.array(h).dtype).eps
        return h * (1 + 16 * float(eps))

    found = failures(everything("sigmoid", five=sabotaged("TensorFlow", twist)))
    assert found and {row.kind for row in found if row.check == "value"} == {"other rounding"}


def test_a_failing_row_says_where_and_how_far():
    found = failures(everything("relu", five=sabotaged("torch", lambda h: h + 0.5)))
    row = next(r for r in found if r.right == REFERENCE and r.check == "value")
    assert row.left == "torch" and row.concept == "relu" and row.tensor == "h"
    assert row.left_value == row.right_value + 0.5 and row.max_abs == 0.5
    assert row.bound == 0 and row.used == np.inf and row.index.startswith("[")


def test_a_departure_is_known_only_as_far_as_it_says():
    def with_departure(count):
        note = Departure("sigmoid", "h", Ulps(count), "planted")
        five = sabotaged("torch", lambda h: h * (1 + 1e-4))
        return [replace(p, departures=(note,)) if p.name == "torch" else p for p in five]

    enough = everything("sigmoid", five=with_departure(2e5), dtypes=("float32",))
    assert not [r for r in failures(enough) if r.check == "value"]
    assert [r for r in enough if r.verdict == KNOWN and "planted" in r.note]
    small = everything("sigmoid", five=with_departure(5), dtypes=("float32",))
    assert [r for r in failures(small) if r.check == "value"]


def test_a_departure_that_is_no_longer_seen_is_a_failure():
    note = Departure("relu", "h", Ulps(3), "was true once")
    five = [replace(p, departures=(note,)) for p in parties.five()[:1]]
    rows = everything("relu", five=five)
    gone = parity.unseen(rows, five, ["relu"], suite.DTYPES, EAGER)
    assert [row.note for row in failures(gone)] == [
        "no longer departs so far (0.00 ULP at most): was true once"
    ]


def test_a_departure_states_the_smallest_number_of_ulp_that_holds():
    def complaints(count):
        note = Departure("tanh", "h", Ulps(count), "stated", dtypes=("float32",))
        mine = [replace(p, departures=(note,)) for p in parties.five()[:1]]
        rows = everything("tanh", five=mine)
        return failures(rows + parity.unseen(rows, mine, ["tanh"], suite.DTYPES, EAGER))

    assert complaints(6) and not complaints(7) and complaints(8)


@pytest.mark.parametrize("name", sorted({d.concept for p in parties.five() for d in p.departures}))
def test_built_ins_depart_wherever_they_say_so(name):
    chosen = cases(catalogue.select(name))
    assert not parity.overmarked(chosen, parties.five(), suite.DTYPES, EAGER)


@pytest.mark.parametrize("name", ["maxout", "hard_tanh", "elu"])
def test_built_ins_depart_wherever_they_say_so_of_compiled_code(name):
    chosen = suite.in_mode(cases(catalogue.select(name)), "compiled")
    assert not parity.overmarked(chosen, parties.five(), ("float32",), ("eager", "compiled"))


def test_a_place_marked_in_vain_is_a_failure():
    def complaints(places, **more):
        note = Departure("relu", "g_x", Where(places), "passes NaN on", **more)
        torch = [replace(p, departures=(note,)) for p in parties.five() if p.name == BUILT_IN]
        return parity.overmarked(cases(catalogue.select("relu")), torch, suite.DTYPES, EAGER)

    assert not complaints(lambda g, x: np.isnan(x))
    (found,) = complaints(lambda g, x: np.isnan(x) | (x == 1))
    assert (found.verdict, found.concept, found.tensor, found.check, found.left) == (
        FAIL, "relu", "g_x", "departure", BUILT_IN,
    )  # fmt: skip
    assert found.note == "marks [24, 4], where it keeps its bound: passes NaN on"
    assert not complaints(lambda g, x: x == 1, modes=("compiled",))
    assert not complaints(lambda g, x: x == 1, dtypes=("float16",))


@pytest.mark.parametrize(
    "lost",
    [
        lambda row: row.dtype == "float64",
        lambda row: row.left == "torch built-in",
        lambda row: row.tensor == "g_x",
        lambda row: row.options,
    ],
    ids=["a dtype", "a party", "a tensor", "options"],
)
def test_fewer_rows_than_the_catalogue_implies_is_a_failure(lost, leaky_relu_rows):
    def floor(rows):
        concluded = suite.conclude(rows, "leaky_relu", modes=EAGER)
        return [row for row in concluded if row.check == "floor"]

    assert not floor(leaky_relu_rows)
    assert floor([row for row in leaky_relu_rows if not lost(row)])


@pytest.fixture(scope="module")
def leaky_relu_rows():
    return [row for job in suite.jobs("leaky_relu", modes=EAGER) for row in suite.run(job)]


def test_an_adapter_that_cannot_do_a_mode_says_so_in_a_row():
    class Incapable:
        def unavailable(self, mode):
            return "no C++ compiler here"

    chosen = cases(catalogue.select("relu"))
    lame = Party("torch", Incapable(), find=lambda concept, options: None)
    rows = parity.compare(chosen, [lame], "float32", "compiled")
    assert [(row.verdict, row.note) for row in rows] == [("absent", "no C++ compiler here")]


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(KeyError, match=r"'rulu'.*activations.*relu"):
        catalogue.select("rulu")
