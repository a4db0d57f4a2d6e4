"""fit in both halves and every mode: each step is that of the float64 run, within its bound."""

import numpy as np
import pytest

from parity_tests import fit_cases
from parity_tests.fit_cases import assert_follows, train
from parity_tests.training_run import in_keras, model, module
from shared.batches import batches
from shared.data import load_insurance
from shared.reference import schedules
from shared.training_cases import Case

PEOPLE, BOUGHT = load_insurance(("age", "affordability"))
X = (PEOPLE / [128.0, 1.0]).astype(np.float32).astype(np.float64)  # one rate then suits both
Y = BOUGHT[:, np.newaxis]


def insurance(units=(4, 1), **more):
    """13 people, 11 to learn from: in batches of 5 the last one of an epoch has 1."""
    return Case(units, X, Y, "binary_cross_entropy_with_logits", **{"held_out": 2, **more})


EVERY_OPTIMIZER = {
    "sgd": {},
    "momentum": {"options": {"momentum": 0.875}},
    "adagrad": {"rate": 0.25},
    "adam": {"rate": 0.125, "options": {"epsilon": 2.0**-10}},
}
CASES = {name: insurance(optimizer=name, **more) for name, more in EVERY_OPTIMIZER.items()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_every_step_is_that_of_the_float64_run(half, case, dtype):
    assert_follows(half, case, train(half, case, dtype), dtype)


def test_so_it_is_in_every_mode(half, mode):
    case = CASES["adam"]
    assert_follows(half, case, train(half, case, mode=mode))


@pytest.mark.parametrize("batch_size", [1, 4, 11, 100])
def test_batch_mini_batch_and_stochastic_are_batch_sizes(half, batch_size):
    case = insurance(batch_size=batch_size, epochs=2, rate=0.125)
    assert case.steps == {1: 11, 4: 3, 11: 1, 100: 1}[batch_size]
    assert_follows(half, case, train(half, case))


DECAY = 0.25


def decaying(half, **more):
    """A function of an optimizer that makes the half's ExponentialDecay."""
    made = module(half, "schedules").ExponentialDecay
    if in_keras(half):
        return lambda optimizer: made(0.5, DECAY, **more)
    return lambda optimizer: made(optimizer, DECAY, **more)


@pytest.mark.parametrize("every", ["epoch", "step"])
def test_update_0_takes_the_rate_of_schedule_0_and_so_on(half, mode, every):
    case = insurance(schedule=lambda t, rate: schedules.exponential_decay(t, rate, DECAY))
    # asked each step, it is told itself how many steps an epoch has
    more = {"steps_per_epoch": case.steps} if every == "step" else {}
    run = train(half, case, mode=mode, schedule=decaying(half, **more), schedule_every=every)
    assert_follows(half, case, run)
    assert run.steps[0].learning_rate == 0.5
    assert run.history.frame.learning_rate.tolist() == [
        step.learning_rate for step in run.steps[:: case.steps]
    ]


def test_a_schedule_may_count_steps(half):
    case = insurance()
    run = train(half, case, schedule=decaying(half), schedule_every="step")
    rates = np.array([step.learning_rate for step in run.steps])
    expected = schedules.exponential_decay(np.arange(9), 0.5, DECAY)
    np.testing.assert_array_max_ulp(rates, expected, 4)
    assert run.history.frame.learning_rate.tolist() == rates[::3].tolist()


def test_a_second_call_goes_on_where_the_first_ended(half):
    case = insurance(epochs=4, schedule=lambda t, r: schedules.exponential_decay(t, r, DECAY))
    made = model(half, case)
    sgd = fit_cases.optimizer(half, "sgd", made, 0.5)
    schedule, steps = decaying(half)(sgd), []
    (x, y), _ = case.split
    for epochs in (1, 3):
        module(half, "training").fit(
            made, x, y, loss=half.families["losses"].binary_cross_entropy_with_logits,
            optimizer=sgd, epochs=epochs, batch_size=5, schedule=schedule, on_step=steps.append,
        )  # fmt: skip
    np.testing.assert_array_max_ulp(np.array([s.learning_rate for s in steps]), case.rates, 4)


def plateau(half, **more):
    made = module(half, "schedules").PlateauDecay
    if in_keras(half):
        return lambda optimizer: made(**more)
    return lambda optimizer: made(optimizer, **more)


def test_a_schedule_that_follows_the_validation_loss_is_told_it_after_each_epoch(half, mode):
    case = insurance(epochs=6, optimizer="sgd")
    # no epoch improves by 100: the first one counts as such, and every second one after it
    run = train(
        half, case, mode=mode, schedule=plateau(half, factor=0.5, patience=2, min_delta=100.0)
    )
    assert run.history.frame.learning_rate.tolist() == [0.5, 0.5, 0.5, 0.25, 0.25, 0.125]


def rows_read(half, shuffle, seed=0, validation=None):
    """The labels of each batch of two epochs, as a loss gets to see them: the rows' numbers."""
    seen, framework = [], half.framework
    losses = half.families["losses"]
    made = module(half, "models.linear_regression").LinearRegression(1)
    sgd = fit_cases.optimizer(half, "sgd", made, 0.0)

    def loss(one, other):
        y = one if in_keras(half) else other
        seen.append(framework.array(y).astype(int).tolist())
        return losses.mean_squared_error(one, other)

    module(half, "training").fit(
        made, np.zeros((7, 1)), np.arange(7.0), loss=loss, optimizer=sgd, epochs=2,
        batch_size=3, shuffle=shuffle, seed=seed, validation=validation,
    )  # fmt: skip
    return seen


@pytest.mark.parametrize("seed", [0, 5])
def test_both_halves_read_the_batches_that_the_seed_gives(half, seed):
    expected = [b.tolist() for epoch in (0, 1) for b in batches(7, 3, epoch, seed)]
    assert rows_read(half, shuffle=True, seed=seed) == expected
    assert rows_read(half, shuffle=False) == 2 * [[0, 1, 2], [3, 4, 5], [6]]


def test_validation_reads_its_rows_in_order_after_each_epoch(half):
    epochs = [[b.tolist() for b in batches(7, 3, epoch)] for epoch in (0, 1)]
    held_out = np.zeros((4, 1)), np.arange(10.0, 14.0)
    found = rows_read(half, shuffle=True, validation=held_out)
    assert found == [*epochs[0], [10, 11, 12], [13], *epochs[1], [10, 11, 12], [13]]
