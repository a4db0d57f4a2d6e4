"""Optimizers against the reference, step by step: parameters and state, every form, both halves."""

import numpy as np
import pytest

from parity_tests import optimizer_cases as cases
from parity_tests.optimizer_cases import CASES, START, Run, gradient, ours, rates
from parity_tests.parties import HALVES
from shared.comparison import compare
from shared.reference import optimizers as reference
from tf_impl import optimizers as tf_optimizers

STEPS = 40
every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_half = pytest.mark.parametrize("half", HALVES, ids=lambda half: half.framework.NAME)


def check(found, run, dtype):
    """What was recorded lies where the reference does, every step of it."""
    for name, values in found.items():
        bound = run.bound(name, dtype) + run.bound(name, "float64")
        difference = compare(values, run.truth[name], bound, dtype)
        assert difference.agrees, f"{name}: {difference}"


def test_every_class_is_tried_in_every_form():
    forms = {(case.optimizer, option, case.options.get(option))
             for case in CASES for option in ("epsilon_form", "velocity_form")}  # fmt: skip
    for name in tf_optimizers.__all__:
        for option, choices in getattr(getattr(tf_optimizers, name), "FORMS", {}).items():
            assert {(name, option, choice) for choice in choices} <= forms
    assert {case.update for case in CASES} == set(reference.STATE) - {"nesterov_reformulated"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_case
@every_half
def test_every_step_is_the_references(half, case, dtype):
    check(ours(half, case, STEPS, dtype), Run(case, STEPS), dtype)


@pytest.mark.parametrize("name", sorted({case.optimizer for case in CASES}))
@every_half
def test_every_step_is_the_references_when_compiled(half, name):
    case = [case for case in CASES if case.optimizer == name][-1]
    check(ours(half, case, STEPS, "float32", "compiled"), Run(case, STEPS), "float32")


@every_case
def test_the_halves_keep_the_same_state(case):
    one, other = (ours(half, case, 3) for half in HALVES)
    assert list(one) == list(other)
    run = Run(case, 3)
    for name, values in one.items():
        difference = compare(values, other[name], 2 * run.bound(name, "float64"), "float64")
        assert difference.agrees, f"{name}: {difference}"


@every_case
def test_the_references_state_is_what_the_halves_keep(case):
    kept = set(ours(HALVES[0], case, 1)) - {"W"}
    optional = {"mean_gradient", "velocity"} if case.optimizer == "RMSprop" else set()
    assert set(reference.STATE[case.update]) - optional <= kept <= set(reference.STATE[case.update])


def test_looking_ahead_is_the_reformulation_seen_from_the_weights():
    beta = 0.8
    ahead, there = (
        Run(case, STEPS) for case in CASES
        if case.options.get("velocity_form") in ("look_ahead", "scaled")
        and case.optimizer == "Nesterov"
    )  # fmt: skip
    bound = ahead.bound("W", "float64") + there.bound("W", "float64")
    assert compare(ahead.truth["W"], there.truth["W"], bound, "float64").agrees
    # and the weights themselves, W = x − βV, are where the notes' descent is
    W = reference.descend("nesterov", gradient, START, rates(STEPS), momentum=beta)["W"]
    for half in HALVES:
        found = ours(half, ahead.case, STEPS)
        weights = found["W"] - beta * found["velocity"]
        bound = ahead.bound("W", "float64") + ahead.bound("velocity", "float64")
        assert compare(weights, W, bound, "float64").agrees


@every_case
def test_the_bound_tells_one_form_from_the_next(case):
    """A form's run leaves the bound of every other form of its class."""
    run = Run(case, STEPS)
    for other in CASES:
        others = [o for o in ("epsilon_form", "velocity_form", "centered", "momentum")
                  if case.options.get(o) != other.options.get(o)]  # fmt: skip
        if other.optimizer != case.optimizer or not others or same_formula(case, other):
            continue
        bound = 2 * run.bound("W", "float32")
        assert not compare(Run(other, STEPS).truth["W"], run.truth["W"], bound, "float32").agrees


def same_formula(one, other):
    """Looking ahead and its reformulation differ by rounding alone."""
    forms = {one.options.get("velocity_form"), other.options.get("velocity_form")}
    return one.optimizer == "Nesterov" and forms == {"look_ahead", "scaled"}


def test_what_the_runs_read_is_exact_in_float32():
    for values in (cases.SPREAD, cases.CENTRE, cases.START, cases.NOISE, cases.rates(4)):
        np.testing.assert_array_equal(np.float32(values), values)
