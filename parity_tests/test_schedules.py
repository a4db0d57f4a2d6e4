"""Schedules: the formulas, equal to the reference in both halves, and what carries them."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.schedules
import torch_impl.schedules
from parity_tests.schedule_cases import INITIAL, ROWS, module, optimizer, rates, run
from shared.comparison import compare
from shared.reference import schedules as reference

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
# whole epochs and parts of them, up to, at and after the end of each decay
EPOCHS = np.array([*range(25), 0.5, 2.75, 7.875, 11.984375, 300.0])


def assert_close(found, row, t, dtype="float64", initial=INITIAL):
    worst = compare(found, row.reference(t, initial), row.bound(t, dtype, initial), dtype)
    assert worst.agrees, f"{row.name}: {worst}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_halves_are_the_reference_in_every_mode(half, mode, dtype):
    t = half.framework.tensor(EPOCHS.astype(dtype))
    functions = [row.function(half) for row in ROWS]
    everything = half.framework.compiled(lambda t: [function(t) for function in functions], mode)
    for row, found in zip(ROWS, everything(t), strict=True):
        found = half.framework.array(found)
        assert found.dtype == dtype
        assert_close(found, row, EPOCHS, dtype)


NOTES = {
    ("exponential_decay", 0.01): {0: 0.1, 10: 0.1 * math.exp(-0.1)},
    ("inverse_decay", 0.01): {0: 0.1, 10: 0.1 / 1.1},
    ("step_decay", 0.5, 5): {0: 0.1, 4: 0.1, 5: 0.05, 9: 0.05, 10: 0.025},
}


@pytest.mark.parametrize("name, arguments", [(n, a) for n, *a in NOTES], ids=str)
def test_the_notes_numbers(half, name, arguments):
    for t, rate in NOTES[name, *arguments].items():
        found = getattr(module(half), name)(half.framework.tensor(float(t)), 0.1, *arguments)
        expected = getattr(reference, name)(t, 0.1, *arguments)
        assert compare(expected, rate, np.spacing(rate), "float64").agrees
        assert compare(float(found), rate, 2 * np.spacing(rate), "float64").agrees
    assert str(reference.exponential_decay(10, 0.1, 0.01)).startswith("0.0904837")
    assert str(reference.inverse_decay(10, 0.1, 0.01)).startswith("0.0909090")


@every_row
def test_functions_refuse_what_is_no_floating_point_tensor(half, row):
    for given, name in ((3.0, "float"), (half.framework.tensor(np.array([1, 2])), "int64")):
        with pytest.raises(TypeError, match=rf"{row.name} needs t as .*, got {name}: pass "):
            row.function(half)(given)


@pytest.mark.parametrize("steps_per_epoch", [1, 7])
@every_row
def test_a_keras_schedule_is_its_function_of_the_epoch(row, steps_per_epoch):
    schedule = row.keras(steps_per_epoch=steps_per_epoch)
    steps = np.arange(40)
    assert isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule)
    one_by_one = [schedule(int(step)) for step in steps]
    assert all(rate.dtype == tf.float64 and rate.shape == () for rate in one_by_one)
    assert_close(np.array(one_by_one), row, steps // steps_per_epoch)
    assert_close(np.array(schedule(tf.constant(steps))), row, steps // steps_per_epoch)
    np.testing.assert_array_equal(schedule(keras.Variable(5, dtype="int64")), one_by_one[5])


@pytest.mark.parametrize("kind", [float, torch.tensor])
@pytest.mark.parametrize("steps_per_epoch", [1, 7])
@every_row
def test_a_torch_scheduler_is_its_function_of_the_epoch(row, steps_per_epoch, kind):
    groups = optimizer(INITIAL, 0.02, kind=kind)
    scheduler = row.torch(groups, steps_per_epoch=steps_per_epoch)
    assert isinstance(scheduler, torch.optim.lr_scheduler.LRScheduler)
    used = run(scheduler, 40)
    assert isinstance(groups.param_groups[0]["lr"], kind if kind is float else torch.Tensor)
    for found, initial in zip(used.T, (INITIAL, 0.02), strict=True):
        dtype = "float64" if kind is float else "float32"  # a rate in a tensor is a float32 number
        assert_close(found, row, np.arange(40) // steps_per_epoch, dtype, initial)


def test_past_the_whole_numbers_of_float32_a_step_still_counts():
    step = 2**24 + 1
    for schedule in (
        tf_impl.schedules.StepDecay(1.0, 0.5, every=step),
        lambda at: torch_impl.schedules.StepDecay(optimizer(1.0), 0.5, every=step)(at)[0],
    ):
        assert [float(schedule(at)) for at in (step - 1, step)] == [1.0, 0.5]


@every_row
def test_both_halves_give_the_same_rates(row):
    steps = range(60)
    ours = np.array([float(row.keras(steps_per_epoch=3)(step)) for step in steps])
    scheduler = row.torch(optimizer(INITIAL), steps_per_epoch=3)
    theirs = [scheduler(step)[0] for step in steps]
    bound = 2 * row.bound(np.arange(60) // 3, "float64")
    assert compare(ours, theirs, bound, "float64").agrees


def test_a_keras_schedule_gives_its_rates_in_the_dtype_asked_for():
    wide, narrow = (ROWS[0].keras(dtype=dtype) for dtype in ("float64", tf.float32))
    assert narrow(7).dtype == tf.float32
    assert float(narrow(7)) == np.float32(float(wide(7)))


@every_row
def test_drawing_a_schedule_never_changes_it(row):
    schedule, scheduler = row.keras(), row.torch(optimizer(INITIAL, 0.02))
    before = json.dumps(schedule.get_config(), default=str), repr(scheduler.state_dict())
    drawn = [schedule(step) for step in range(30)], [scheduler(step) for step in range(30)]
    again = [schedule(step) for step in range(30)], [scheduler(step) for step in range(30)]
    np.testing.assert_array_equal(drawn[0], again[0])
    assert drawn[1] == again[1] == run(scheduler, 30).tolist()
    fresh = row.torch(optimizer(INITIAL, 0.02))
    assert (json.dumps(schedule.get_config(), default=str), repr(fresh.state_dict())) == before


WRONG = (
    ("ExponentialDecay", (-0.01,), "decay_rate"),
    ("ExponentialDecay", (math.nan,), "decay_rate"),
    ("InverseDecay", (math.inf,), "decay_rate"),
    ("InverseDecay", ("fast",), "decay_rate"),
    ("StepDecay", (-0.5, 5), "factor"),
    ("StepDecay", (0.5, 0), "every"),
    ("StepDecay", (0.5, 2.5), "every"),
    ("PolynomialDecay", (0,), "decay_epochs"),
    ("PolynomialDecay", (5, -1.0), "power"),
    ("PolynomialDecay", (5, 1.0, 1.5), "end_factor"),
    ("CosineDecay", (5, 1.5), "end_factor"),
    ("LinearWarmup", (0,), "warmup_epochs"),
    ("LinearWarmup", (5, -0.1), "start_factor"),
    ("LinearWarmup", (5, 1.5), "start_factor"),
    ("ManualSchedule", ({0: -0.1},), "the rate of epoch 0"),
    ("ManualSchedule", ({0: 0.1, -1: 0.2},), "an epoch"),
    ("ManualSchedule", ({3: 0.1},), "from epoch 3 on.*add the rate of epoch 0"),
    ("ManualSchedule", ({},), "add the rate of epoch 0"),
)


@pytest.mark.parametrize("layer, arguments, named", WRONG)
def test_wrong_options_are_named(layer, arguments, named):
    first = () if layer == "ManualSchedule" else (0.1,)
    for make in (
        lambda: getattr(tf_impl.schedules, layer)(*first, *arguments),
        lambda: getattr(torch_impl.schedules, layer)(optimizer(0.1), *arguments),
    ):
        with pytest.raises(ValueError, match=named):
            make()


def test_a_first_rate_below_zero_and_half_an_epoch_are_refused():
    with pytest.raises(ValueError, match=r"initial_learning_rate must .* 0, got -0\.1"):
        tf_impl.schedules.CosineDecay(-0.1, 5)
    for make in (
        lambda: tf_impl.schedules.CosineDecay(0.1, 5, steps_per_epoch=1.5),
        lambda: torch_impl.schedules.CosineDecay(optimizer(0.1), 5, steps_per_epoch=1.5),
    ):
        with pytest.raises(ValueError, match=r"steps_per_epoch must be a whole .* 1\.5"):
            make()


@every_row
def test_rates_never_fall_below_their_end(row):
    """Far past the end of every decay, a rate is finite and not negative."""
    scheduler = row.torch(optimizer(INITIAL))
    for rate in (float(row.keras()(10**9)), scheduler(10**9)[0], *rates(scheduler.optimizer)):
        assert 0 <= rate < 1
