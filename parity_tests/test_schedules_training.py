"""Schedules in training: the rate of update 0, resuming, saving, compiled steps, warm-ups."""

import copy

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.schedules
import torch_impl.schedules
from parity_tests.schedule_cases import INITIAL, ROWS, optimizer, rates, run
from shared.comparison import compare, gamma

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
STEPS = 20


def keras_updates(schedule, steps, start=None):
    """The rate that each update of a float64 weight used: its gradient is 1, and it starts at 0."""
    weight = tf.keras.Variable(0.0, dtype="float64")
    sgd = keras.optimizers.SGD(schedule)
    sgd.build([weight])
    if start is not None:
        sgd.load_own_variables({str(i): v for i, v in enumerate(start)})
    used = []
    for _ in range(steps):
        weight.assign(0.0)
        sgd.apply([tf.ones((), tf.float64)], [weight])
        used.append(-float(weight))
    return np.array(used), [v.numpy() for v in sgd.variables]


def torch_updates(scheduler, steps):
    """The same of every parameter group."""
    o, used = scheduler.optimizer, []
    weights = [group["params"][0] for group in o.param_groups]
    for _ in range(steps):
        for weight in weights:
            weight.zero_()
            weight.grad = torch.ones_like(weight)
        o.step()
        scheduler.step()
        used.append([-float(weight) for weight in weights])
    return np.array(used)


@every_row
def test_update_0_uses_the_rate_of_step_0_and_so_on_in_both_halves(row):
    schedule, scheduler = row.keras(), row.torch(optimizer(INITIAL, 0.02))
    used, _ = keras_updates(schedule, STEPS)
    np.testing.assert_array_equal(used, [schedule(step) for step in range(STEPS)])
    expected = [scheduler(step) for step in range(STEPS)]
    assert torch_updates(scheduler, STEPS).tolist() == expected
    bound = 2 * row.bound(np.arange(STEPS), "float64")
    assert compare(used, np.array(expected)[:, 0], bound, "float64").agrees


@every_row
def test_a_run_resumed_from_its_state_is_the_uninterrupted_one(row, tmp_path):
    whole, _ = keras_updates(row.keras(steps_per_epoch=2), STEPS)
    _, state = keras_updates(row.keras(steps_per_epoch=2), 7)
    rest, _ = keras_updates(row.keras(steps_per_epoch=2), STEPS - 7, start=state)
    np.testing.assert_array_equal(rest, whole[7:])

    whole = torch_updates(row.torch(optimizer(INITIAL, 0.02), steps_per_epoch=2), STEPS)
    first = row.torch(optimizer(INITIAL, 0.02), steps_per_epoch=2)
    torch_updates(first, 7)
    torch.save([first.state_dict(), first.optimizer.state_dict()], tmp_path / "state.pt")
    resumed = row.torch(optimizer(0.5, 0.5), steps_per_epoch=1)  # all of it is in the state
    states = torch.load(tmp_path / "state.pt")
    for part, state in zip((resumed, resumed.optimizer), states, strict=True):
        part.load_state_dict(state)
    np.testing.assert_array_equal(torch_updates(resumed, STEPS - 7), whole[7:])


@every_row
def test_a_scheduler_made_at_a_last_epoch_goes_on_from_there(row):
    whole = run(row.torch(optimizer(INITIAL, 0.02)), STEPS)
    o = optimizer(INITIAL, 0.02)
    for group in o.param_groups:
        group["initial_lr"] = group["lr"]
    np.testing.assert_array_equal(run(row.torch(o, last_epoch=6), STEPS - 7), whole[7:])


@every_row
def test_keras_makes_a_schedule_again_from_its_config_and_from_disk(row, tmp_path):
    schedule = row.keras(steps_per_epoch=3, dtype="float64")
    config = keras.optimizers.schedules.serialize(schedule)
    again = keras.optimizers.schedules.deserialize(config)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(schedule), "mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer._learning_rate
    for other in (again, loaded):
        assert type(other) is type(schedule)
        assert other.get_config() == schedule.get_config()
        np.testing.assert_array_equal([other(s) for s in range(9)], [schedule(s) for s in range(9)])


@pytest.mark.parametrize("jit", [False, True])
@every_row
def test_keras_fits_by_each_schedule_in_compiled_steps(row, jit):
    """The loss is the output, so each update subtracts the rate; six updates are two epochs."""
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", dtype="float64")
    model = keras.Sequential([keras.Input((1,)), layer])
    optimizer = keras.optimizers.SGD(row.keras(steps_per_epoch=3))
    model.compile(optimizer, lambda y, p: p, jit_compile=jit)
    model.fit(np.ones((6, 1)), np.ones((6, 1)), batch_size=2, epochs=2, verbose=0)
    used = row.reference(np.arange(6) // 3)
    bound = gamma(6, "float64") * used.sum() + row.bound(np.arange(6) // 3, "float64").sum()
    assert compare(float(layer.kernel[0, 0]), -used.sum(), bound, "float64").agrees


def joined(spe=1):
    """The same warm-up and decay after it in both halves."""
    o = optimizer(INITIAL, 0.02)
    after = torch_impl.schedules.CosineDecay(o, 5)
    return (
        tf_impl.schedules.LinearWarmup(
            INITIAL, 4, 0.5, tf_impl.schedules.CosineDecay(INITIAL, 5), spe
        ),
        torch_impl.schedules.LinearWarmup(o, 4, 0.5, after, steps_per_epoch=spe),
    )


@pytest.mark.parametrize("spe", [1, 3])
def test_a_schedule_after_a_warm_up_starts_at_its_own_step_0(spe):
    schedule, scheduler = joined(spe)
    steps = np.arange(4 * spe + 9)
    warm, after = ROWS[5]._replace(arguments=(4, 0.5)), ROWS[4]._replace(arguments=(5,))
    past = steps - 4 * spe
    expected = np.where(past < 0, warm.reference(steps // spe), after.reference(past.clip(0)))
    bound = np.maximum(warm.bound(steps // spe, "float64"), after.bound(past.clip(0), "float64"))
    assert expected[4 * spe] == INITIAL
    for found in ([float(schedule(int(s))) for s in steps], schedule(tf.constant(steps)).numpy(),
                  [scheduler(int(s))[0] for s in steps]):  # fmt: skip
        assert compare(np.array(found), expected, bound, "float64").agrees
    assert run(scheduler, 9).tolist() == [scheduler(step) for step in range(9)]


def test_a_schedule_after_a_warm_up_has_a_first_rate_of_its_own():
    after, o = tf_impl.schedules.ManualSchedule({0: 0.75}), optimizer(0.5)
    schedule = tf_impl.schedules.LinearWarmup(0.5, 2, 0.5, after)
    then = torch_impl.schedules.ManualSchedule(o, {0: 0.75})
    scheduler = torch_impl.schedules.LinearWarmup(o, 2, 0.5, then)
    found = [[float(schedule(step)), *scheduler(step)] for step in range(4)]
    np.testing.assert_array_equal(found, np.transpose([[0.25, 0.375, 0.75, 0.75]] * 2))


def test_joined_schedules_come_back_from_their_state_and_config():
    schedule, scheduler = joined()
    again = tf_impl.schedules.LinearWarmup.from_config(copy.deepcopy(schedule.get_config()))
    assert again.get_config() == schedule.get_config()
    assert [float(again(s)) for s in range(9)] == [float(schedule(s)) for s in range(9)]
    whole = run(joined()[1], 12)
    run(scheduler, 6)
    _, resumed = joined()
    resumed.after.base_lrs = [0.0, 0.0]  # its own state is loaded too
    resumed.load_state_dict(copy.deepcopy(scheduler.state_dict()))
    resumed.optimizer.load_state_dict(scheduler.optimizer.state_dict())
    np.testing.assert_array_equal(run(resumed, 6), whole[6:])


def test_what_follows_a_warm_up_must_be_a_schedule_of_the_same_optimizer():
    with pytest.raises(TypeError, match="after must be a LearningRateSchedule, got float"):
        tf_impl.schedules.LinearWarmup(0.1, 4, after=0.1)
    o = optimizer(0.1)
    with pytest.raises(TypeError, match="after must be a torch_impl schedule, got StepLR"):
        torch_impl.schedules.LinearWarmup(o, 4, after=torch.optim.lr_scheduler.StepLR(o, 3))
    other = torch_impl.schedules.CosineDecay(optimizer(0.1), 3)
    with pytest.raises(ValueError, match="another optimizer: make it of the same one"):
        torch_impl.schedules.LinearWarmup(o, 4, after=other)


@keras.saving.register_keras_serializable("parity_tests")
def halving(t):
    return 0.1 * 0.5**t


def test_a_callable_is_given_the_epoch_in_both_halves():
    schedule = tf_impl.schedules.ManualSchedule(halving, steps_per_epoch=2)
    scheduler = torch_impl.schedules.ManualSchedule(optimizer(1.0), halving, steps_per_epoch=2)
    expected = [0.1, 0.1, 0.05, 0.05, 0.025]
    assert [float(schedule(step)) for step in range(5)] == expected
    assert run(scheduler, 5)[:, 0].tolist() == expected
    config = keras.optimizers.schedules.serialize(schedule)
    assert float(keras.optimizers.schedules.deserialize(config)(3)) == 0.05
    assert "table" not in scheduler.state_dict()
    other = torch_impl.schedules.ManualSchedule(optimizer(1.0), lambda t: 0.3)
    other.load_state_dict(scheduler.state_dict())
    assert other(0) == [0.3]  # its own, since the state has none


def test_a_callable_may_give_a_python_number():
    schedule = tf_impl.schedules.ManualSchedule(lambda t: 0.1 if t < 2 else 0.01)
    assert [float(schedule(step)) for step in (1, 2)] == [0.1, 0.01]


def test_a_table_gives_every_group_its_rate():
    scheduler = torch_impl.schedules.ManualSchedule(optimizer(0.5, 0.02), {0: 0.1, 2: 0.01})
    assert rates(scheduler.optimizer) == [0.1, 0.1]
    assert run(scheduler, 3).tolist() == [[0.1, 0.1], [0.1, 0.1], [0.01, 0.01]]
