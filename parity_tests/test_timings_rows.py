"""Timings: what is timed is judged, rounds are fair, and rows are made of the right readings."""

from types import SimpleNamespace

import numpy as np
import pytest

from parity_tests import halves
from parity_tests.timing_cases import HALVES, each_device, prepared
from parity_tests.timings import (
    functions,
    inputs,
    limits,
    networks,
    optimizers,
    plan,
    recurrent,
    rounds,
    rows,
    start,
    stepping,
    training,
    worker,
)
from parity_tests.timings.measuring import FULL, QUICK, readings_of
from parity_tests.timings.recurrent import ROWS
from parity_tests.timings.work import BOTH, FORWARD, Cost, Entry, Subject
from shared import comparison, timings
from shared.bounds import Evaluated
from shared.evidence import FAIL, KNOWN, PASS
from shared.recurrent_bounds import gru_from_outputs


@pytest.fixture(params=HALVES, ids=lambda half: half.name)
def half(request):
    return request.param


# inputs and judgement


@pytest.mark.parametrize("size", ["tiny", "medium"])
@pytest.mark.parametrize("name", functions.CONCEPTS)
def test_inputs_are_ordinary_numbers_of_the_shapes_that_are_asked_for(name, size):
    concept = functions.CONCEPTS[name]
    case = inputs.case(concept, size)
    smallest = np.finfo(np.float32).tiny
    for tensor, shape in inputs.shapes(concept, size).items():
        values = case.tensors[tensor]
        assert values.shape == shape
        if values.dtype.kind == "f":
            assert np.isfinite(values).all()
            assert ((values == 0) | (np.abs(values) >= smallest)).all()
            np.testing.assert_array_equal(values, values.astype(np.float32))
    # TensorFlow keeps a constant of less than 129 numbers in the graph, and works it out beforehand
    assert all(case.tensors[n].size > 128 for n in concept.constants if n == "y_true")


def test_every_row_of_the_catalogue_is_timed_at_every_size():
    timed = {subject.key for subject in worker.subjects()}
    for name, concept in functions.CONCEPTS.items():
        assert {f"{concept.family}/{name}/{size}" for size in ("tiny", "medium", "large")} <= timed
    assert {"optimizers/adam/large", "training/lstm/medium", "start/dispatch/"} <= timed
    quick, full = (plan.chosen(None, settings.sizes) for settings in (QUICK, FULL))
    assert {*quick} < {*full} == {*worker.subjects(), *start.fresh()}
    assert {s.concept for s in full} - {s.concept for s in quick} == {
        start.MEMORY,
        "autoencoder",
        "gan",
        "softmax_cross_entropy_of_one_hot",
        "softmax_cross_entropy_of_shares",
    }


@pytest.mark.parametrize("name", ["softmax", "softmax_cross_entropy", "lstm"])
def test_both_sides_compute_the_same_at_what_is_timed(half, name):
    concept = functions.CONCEPTS[name]
    entries = prepared(half, Subject(concept.family, name, "tiny")).entries
    assert {e.party for e in entries} == {half.name, f"{half.name} built-in"}
    assert {e.work for e in entries} == {FORWARD, BOTH}
    assert {e.verdict for e in entries} <= {PASS, KNOWN}


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_optimizers_in_the_forms_that_are_timed_compute_the_same(half, name):
    entries = optimizers.prepare(Subject("optimizers", name, "tiny"), [half]).entries
    assert len(entries) == 2 * len(half.modes)
    assert {(e.verdict, e.complaint) for e in entries} == {(PASS, "")}


def test_an_optimizer_that_is_set_otherwise_fails(half, monkeypatch):
    monkeypatch.setitem(optimizers.RATES, "sgd", 0.25)
    problem = optimizers.Problem("sgd", "tiny")
    truth = problem.truth({})
    monkeypatch.setitem(optimizers.RATES, "sgd", 0.2500001)
    monkeypatch.setattr(optimizers.Problem, "truth", lambda self, options: truth)
    entries = optimizers.prepare(Subject("optimizers", "sgd", "tiny"), [half]).entries
    assert {e.verdict for e in entries} == {FAIL}


def test_a_training_step_equals_that_of_float64(half, monkeypatch):
    monkeypatch.setattr(halves.Half, "modes", ("eager",))
    for name in ("cnn", "lstm", "autoencoder", "gan"):
        entries = training.prepare(Subject("training", name, "tiny"), [half]).entries
        assert {(e.verdict, e.complaint) for e in entries} == {(PASS, "")}
    monkeypatch.setattr(stepping, "MOMENTUM", 0.5)
    entries = training.prepare(Subject("training", "mlp", "tiny"), [half]).entries
    assert {e.verdict for e in entries} == {FAIL}


def test_a_loss_of_many_terms_may_be_off_by_more_of_them():
    x = networks.Problem("autoencoder", "tiny").batch[0]
    values, bounds = networks.Problem("autoencoder", "tiny").truth
    case = networks.Problem("autoencoder", "tiny").run.case
    floor = comparison.ulp_bound(values[:, 0], "float32", 4)
    of_each = case.bound("loss", "float32") - floor
    np.testing.assert_allclose(bounds["float32"][:, 0] - floor, of_each * np.sqrt(x.size) / 4)


def test_a_long_recurrence_rounds_its_gates_outputs():
    """Where u is nearly 1, 1 − u loses its digits in each step: nothing that is read shows it."""
    x, W, R = np.full((1, 32, 1), 4.0), np.array([[4.0, 0.0, 1.0]]), np.zeros((1, 3))
    inputs = x, W, R, np.zeros((2, 3)), np.zeros((1, 1))
    computed = gru_from_outputs(*inputs, nudge=lambda v: np.float32(v).astype(float))
    exact = ROWS["gru"].value(*inputs, np.ones((1, 32), bool))
    # the sum 1 + e⁻¹⁶ and its quotient u are off by 2⁻⁵³ and 2⁻⁵⁴ at most, and 1 − u by both
    off_by, share = 3 * 2.0**-54, 1 / (1 + np.exp(16.0))
    np.testing.assert_allclose(gru_from_outputs(*inputs), exact, rtol=off_by / share)
    off, bound = np.abs(computed - exact), recurrent.of_outputs(ROWS["gru"], "large").bounds["h"]
    at = Evaluated(ROWS["gru"].value, inputs, exact)
    assert (off <= bound.size(at, "float32")).all()
    assert (off > ROWS["gru"].bounds["h"].size(at, "float32")).any()


# rounds, ratios and limits


def test_every_round_times_every_entry_once_in_an_order_of_its_own():
    order, now = [], iter(range(10**6))
    half = SimpleNamespace(framework=SimpleNamespace(captures=lambda: 0, array=np.asarray))
    entries = [
        Entry(half, str(n), "eager", FORWARD, lambda n=n: order.append(n) or n, Cost())
        for n in range(5)
    ]
    found = rounds.run(entries, 4, seed=1, clock=lambda device: next(now))
    timed = np.reshape(order[-20:], (4, 5))
    assert all(sorted(one) == list(range(5)) for one in timed.tolist())
    assert len({tuple(one) for one in timed.tolist()}) > 1
    assert [len(readings.seconds) for readings in found] == [4] * 5
    again = rounds.run(entries, 4, seed=1, clock=lambda device: next(now))
    np.testing.assert_array_equal(np.reshape(order[-20:], (4, 5)), timed)
    assert len(again) == 5


def test_rounds_are_fewer_where_they_would_take_too_long():
    half = SimpleNamespace(framework=SimpleNamespace(captures=lambda: 0, array=np.asarray))
    now = iter(np.arange(0.0, 1000.0, 1.0))
    entry = Entry(half, "party", "eager", FORWARD, lambda: 0, Cost())
    (found,) = rounds.run([entry], 20, 0, seconds=5.0, clock=lambda device: next(now))
    assert len(found.seconds) == 5
    (found,) = rounds.run([entry], 20, 0, seconds=0.0, clock=lambda device: next(now))
    assert len(found.seconds) == rounds.FEWEST


def reading(party, seconds, **more):
    told = {"party": party, "mode": "eager", "work": FORWARD, "seconds": seconds, "note": ""}
    return told | {"verdict": PASS, "complaint": "", "limit": "copy", "limit_cost": 0.5} | more


def line(frameworks, process, *readings):
    told = {"family": "losses", "concept": "c", "size": "tiny", "shape": "(2,)", "elements": 2}
    told |= {"device": "cpu", "frameworks": frameworks, "process": process, "absent": []}
    return told | {"readings": list(readings)}


def test_ratios_are_taken_round_by_round_each_from_its_own_processes():
    lines = [
        line(["torch"], 0, reading("torch", [2.0, 20.0]), reading("torch built-in", [1.0, 10.0])),
        line(["torch"], 1, reading("torch", [6.0]), reading("torch built-in", [2.0])),
        line(["TensorFlow"], 0, reading("TensorFlow", [1.0])),
        line(["TensorFlow", "torch"], 0, reading("TensorFlow", [8.0, 80.0]),
             reading("torch", [2.0, 20.0]), reading("TensorFlow built-in", [6.0, 3.0]),
             reading("torch built-in", [3.0, 1.5])),
        line(["TensorFlow"], 1, reading("TensorFlow built-in", [5.0])),
    ]  # fmt: skip
    found = {row.party: row for row in rows.timings(lines, threads=1)}
    ours = found["torch"]
    assert (ours.median, ours.to_builtin, ours.rounds, ours.processes) == (6.0, 2.0, 3, 2)
    assert (ours.to_builtin_low, ours.to_builtin_high) == (2.0, 2.5)
    assert (found["TensorFlow"].median, found["TensorFlow"].to_torch) == (1.0, 4.0)
    assert found["TensorFlow built-in"].to_torch == 2.0
    # that built-in was timed in another process: the two have no round in common
    assert np.isnan(ours.to_torch) and np.isnan(found["TensorFlow"].to_builtin)
    assert (ours.limit, ours.limit_cost) == ("copy", 0.5)


def test_rows_are_in_the_catalogues_order_however_their_readings_came():
    chosen = plan.chosen("activations", ["tiny"])[:3]
    lines = [{"devices": ["cpu"]}, *({**vars(s), "readings": []} for s in reversed(chosen))]
    lines.append({**vars(plan.chosen("losses", ["tiny"])[0]), "readings": []})
    found = readings_of(chosen, lines)
    assert [line["concept"] for line in found] == [subject.concept for subject in chosen]


def test_a_failure_takes_its_ratios_with_it():
    lines = [line(["torch"], 0, reading("torch", [2.0]),
                  reading("torch built-in", [1.0], verdict=FAIL))]  # fmt: skip
    found = {row.party: row for row in rows.timings(lines, threads=1)}
    assert found["torch"].median == 2.0 and np.isnan(found["torch"].to_builtin)
    assert np.isnan(found["torch built-in"].median)


@each_device
def test_limits_are_positive_and_copies_cost_more_where_they_are_larger(device):
    here = limits.measure(HALVES, device)
    assert here.copy(2**26) > here.copy(2**16) > 0
    assert here.flops > 0
    modes = {
        (h.name, mode) for h in HALVES for mode in h.modes if not h.framework.unavailable(mode)
    }
    assert {(name, mode) for name, mode, _ in here.calls} == modes
    assert all(seconds > 0 for seconds in here.calls.values())


def test_noise_is_flagged_by_the_spread():
    assert timings.noisy(1.0, 0.9, 1.05) and not timings.noisy(1.0, 0.95, 1.04)
    assert timings.spread(4.0, 3.0, 5.0) == 0.5
