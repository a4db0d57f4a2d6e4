"""Schedules against the frameworks' own, set to the same formula: every step, in float64."""

import math
from typing import NamedTuple

import keras
import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

import tf_impl.schedules
import torch_impl.schedules
from parity_tests.schedule_cases import INITIAL, Row, optimizer, run
from shared.bounds import Evaluated, Sensitivity
from shared.comparison import compare, unit_roundoff

T = 12  # where the decays end
STEPS = np.arange(30)
U = unit_roundoff("float64")
K = 0.05

# Keras makes float32 of Python numbers, and float64 of NumPy's
first, f64 = np.float64(INITIAL), np.float64
keras_own = keras.optimizers.schedules


def powers(rate, initial):
    """What rounding may cost α₀ rate^t, where the rate is itself the rounded power of another."""

    def formula(rate, initial):
        return initial * rate**STEPS

    return Sensitivity().size(Evaluated(formula, (f64(rate), f64(initial)), 0 * STEPS), "float64")


class Shipped(NamedTuple):
    """A schedule, and the framework's own of the same rates until (not at) the step `until`."""

    row: Row
    own: object
    extra: object = 0  # what rounding may cost the built-in, beyond what it may cost the formula
    until: int = len(STEPS)


IN_KERAS = (
    Shipped(Row("exponential_decay", "ExponentialDecay", (K,)),
            keras_own.ExponentialDecay(first, decay_steps=2, decay_rate=f64(math.exp(-2 * K))),
            powers(math.exp(-K), INITIAL)),
    Shipped(Row("inverse_decay", "InverseDecay", (K,)),
            keras_own.InverseTimeDecay(first, decay_steps=2, decay_rate=f64(2 * K))),
    Shipped(Row("step_decay", "StepDecay", (0.3, 5)),
            keras_own.ExponentialDecay(first, 5, f64(0.3), staircase=True)),
    Shipped(Row("polynomial_decay", "PolynomialDecay", (T, 2.0, 0.2)),
            keras_own.PolynomialDecay(first, T, f64(0.2 * INITIAL), power=2.0),
            8 * U * INITIAL),  # 1 − t/T is off by a rounding of 1, not of itself
    Shipped(Row("cosine_decay", "CosineDecay", (T, 0.05)),
            keras_own.CosineDecay(first, T, alpha=0.05), 8 * U * INITIAL),  # and so is 1 + cos
    # a boundary is the last epoch of the old rate
    Shipped(Row("manual", "ManualSchedule", ({0: 0.1, 3: 0.03, 9: 0.3},)),
            keras_own.PiecewiseConstantDecay([2, 8], [f64(0.1), f64(0.03), f64(0.3)])),
)  # fmt: skip


def quotients(terms, initial):
    """What rounding may cost a rate that is multiplied, step by step, by a quotient of two terms.

    A term is a difference of numbers up to 1, so off by two roundings of 1, and stands in two
    quotients; the multiplication and the division round once each.
    """
    return initial * U * np.cumsum(4 / np.where(terms > 0, terms, np.inf) + 2)


LEFT = 1 - np.minimum(STEPS, T) / T
IN_TORCH = (
    Shipped(Row("exponential_decay", "ExponentialDecay", (K,)),
            lambda o: lr_scheduler.ExponentialLR(o, gamma=math.exp(-K)),
            powers(math.exp(-K), INITIAL)),
    Shipped(Row("inverse_decay", "InverseDecay", (K,)),
            lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + K * t))),
    Shipped(Row("step_decay", "StepDecay", (0.3, 5)),
            lambda o: lr_scheduler.StepLR(o, step_size=5, gamma=0.3)),
    Shipped(Row("polynomial_decay", "PolynomialDecay", (T, 2.0)),
            lambda o: lr_scheduler.PolynomialLR(o, total_iters=T, power=2.0),
            quotients(LEFT, 2 * INITIAL)),
    Shipped(Row("cosine_decay", "CosineDecay", (T,)),
            lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=T),
            quotients(2 * LEFT**2, INITIAL),  # 1 + cos(π t/T) ≥ 2 (1 − t/T)²
            until=T),
    Shipped(Row("linear_warmup", "LinearWarmup", (T,)),
            lambda o: lr_scheduler.LinearLR(o, total_iters=T),
            quotients(np.ones(len(STEPS)), INITIAL)),
    Shipped(Row("manual", "ManualSchedule", ({0: 0.1, 3: 0.05, 9: 0.025},)),
            lambda o: lr_scheduler.MultiStepLR(o, [3, 9], gamma=0.5)),
)  # fmt: skip


def assert_same(case, ours, theirs):
    bound = np.broadcast_to(2 * case.row.bound(STEPS, "float64") + case.extra, STEPS.shape)
    until = slice(case.until)
    worst = compare(np.array(ours)[until], np.array(theirs)[until], bound[until], "float64")
    assert worst.agrees, f"{case.row.layer}: {worst}"


@pytest.mark.parametrize("case", IN_KERAS, ids=lambda case: case.row.layer)
def test_keras_has_the_same(case):
    ours = case.row.keras()
    assert_same(case, [float(ours(int(s))) for s in STEPS], [float(case.own(s)) for s in STEPS])


@pytest.mark.parametrize("case", IN_TORCH, ids=lambda case: case.row.layer)
def test_torch_has_the_same(case):
    ours, theirs = (run(make(optimizer(INITIAL)), len(STEPS))[:, 0]
                    for make in (case.row.torch, case.own))  # fmt: skip
    assert_same(case, ours, theirs)


def test_keras_goes_through_float32_where_ours_does_not():
    own = keras_own.ExponentialDecay(0.1, decay_steps=1, decay_rate=0.9)
    assert float(own(0)) == np.float32(0.1)
    assert float(tf_impl.schedules.ExponentialDecay(0.1, 0.01)(0)) == 0.1


def test_torch_climbs_back_from_the_end_of_a_cosine_where_ours_stays():
    theirs = run(lr_scheduler.CosineAnnealingLR(optimizer(INITIAL), T_max=T), 2 * T + 1)[:, 0]
    ours = run(torch_impl.schedules.CosineDecay(optimizer(INITIAL), T), 2 * T + 1)[:, 0]
    assert theirs[2 * T] > 0.99 * INITIAL
    assert (ours[T:] == 0).all()
    assert float(tf_impl.schedules.CosineDecay(INITIAL, T)(2 * T)) == 0


def test_keras_starts_a_new_rate_after_its_boundary_where_a_table_starts_it_there():
    own = keras_own.PiecewiseConstantDecay([3], [f64(0.1), f64(0.01)])
    ours = tf_impl.schedules.ManualSchedule({0: 0.1, 3: 0.01})
    assert [float(schedule(3)) for schedule in (own, ours)] == [0.1, 0.01]


def test_a_warm_up_and_what_follows_are_what_torch_joins_with_sequentiallr():
    def joined(o):
        parts = [torch_impl.schedules.LinearWarmup(o, 4), torch_impl.schedules.StepDecay(o, 0.5, 3)]
        return lr_scheduler.SequentialLR(o, parts, milestones=[4])

    def at_once(o):
        after = torch_impl.schedules.StepDecay(o, 0.5, 3)
        return torch_impl.schedules.LinearWarmup(o, 4, after=after)

    ours, theirs = (run(make(optimizer(0.1, 0.02)), 20) for make in (at_once, joined))
    np.testing.assert_array_equal(ours, theirs)


def test_after_a_scheduler_of_torch_in_a_chain_ours_has_the_last_word():
    o = optimizer(INITIAL)
    chain = [lr_scheduler.ExponentialLR(o, 0.5), torch_impl.schedules.StepDecay(o, 0.3, 5)]
    found = run(lr_scheduler.ChainedScheduler(chain), 8)
    np.testing.assert_array_equal(
        found, run(torch_impl.schedules.StepDecay(optimizer(INITIAL), 0.3, 5), 8)
    )
    assert isinstance(chain[1], torch.optim.lr_scheduler.LRScheduler)
