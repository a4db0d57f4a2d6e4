"""PlateauDecay: exactly N epochs without improvement, in both halves and beside the built-ins."""

import math
import pickle
from functools import cache
from itertools import product

import keras
import numpy as np
import pytest
import torch

import tf_impl.schedules
import torch_impl.schedules
from parity_tests.schedule_cases import module, optimizer, rates
from shared.reference.schedules import plateau_decay

RNG = np.random.default_rng(5)
NAN = math.nan
LOSSES = {
    "falling": [5.0, 4.0, 3.0, 2.0, 1.0, 0.5],
    "flat": [1.0] * 14,
    "just in time": [3.0, 3.0, 3.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    "slow": (4.0 - 0.125 * np.arange(14)).tolist(),  # an improvement of 1/8 each
    "NaN at first": [NAN, NAN, 3.0, 4.0, NAN, NAN, 2.0, NAN],
    "infinite": [math.inf] * 5 + [1.0, -math.inf, -math.inf, 0.0, 0.0],
    "drawn": np.round(RNG.uniform(0, 8, 60)).tolist(),
    "rising": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
}
OPTIONS = [
    {"factor": factor, "patience": patience, "min_delta": delta, "cooldown": rest, "min_lr": low}
    for (factor, low), patience, delta, rest in product(
        [(0.5, 0.0), (0.1, 0.02)], [1, 3], [0.0, 0.125, 1.0], [0, 2]
    )
]  # fmt: skip

every_options = pytest.mark.parametrize("options", OPTIONS, ids=lambda o: str([*o.values()]))


@cache
def model():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])


def in_keras(callback, losses, first=0.5, monitor="val_loss"):
    """The rate after each epoch; a power of two, and so the same number in Keras's float32."""
    model().compile(keras.optimizers.SGD(first))
    callback.set_model(model())
    callback.on_train_begin()
    found = []
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": -1.0, monitor: loss})
        found.append(float(model().optimizer.learning_rate))
    return found


def in_torch(make, losses, first=0.5):
    """The rate after each epoch."""
    scheduler = make(optimizer(first))
    found = []
    for loss in losses:
        scheduler.optimizer.step()
        scheduler.step(loss)
        found += rates(scheduler.optimizer)
    return found


def ours_in_torch(losses, first=0.5, **options):
    return in_torch(lambda o: torch_impl.schedules.PlateauDecay(o, **options), losses, first)


def assert_the_reference(found, losses, options, keras_rounds):
    expected = plateau_decay(losses, 0.5, **options)
    if keras_rounds:  # float32 of a product of float32: a few roundings of each reduction
        reductions = 1 + len(set(expected))
        np.testing.assert_array_equal(np.diff(found) != 0, np.diff(expected) != 0)
        assert np.all(np.abs(found - expected) <= reductions * 2.0**-23 * expected)
    else:
        np.testing.assert_array_equal(found, expected)


@every_options
@pytest.mark.parametrize("losses", LOSSES.values(), ids=LOSSES)
def test_both_halves_reduce_where_the_reference_does(losses, options):
    assert_the_reference(ours_in_torch(losses, **options), losses, options, keras_rounds=False)
    found = in_keras(tf_impl.schedules.PlateauDecay(**options), losses)
    assert_the_reference(found, losses, options, keras_rounds=options["factor"] != 0.5)


def test_the_notes_example():
    """3 epochs without improvement: × 0.1."""
    losses = [2.0, 1.0, 1.0, 1.5, 1.0, 0.5]
    expected = [0.1, 0.1, 0.1, 0.1, 0.1 * 0.1, 0.1 * 0.1]
    assert ours_in_torch(losses, first=0.1) == expected
    assert plateau_decay(losses, 0.1).tolist() == expected
    found = in_keras(tf_impl.schedules.PlateauDecay(), losses, first=0.1)
    assert found == [np.float32(0.1)] * 4 + [np.float32(float(np.float32(0.1)) * 0.1)] * 2


def test_an_epoch_improves_only_by_more_than_min_delta(half):
    step, state = module(half).plateau_decay, module(half).PlateauState(best=1.0)
    for metric, improves in ((0.75, False), (np.nextafter(0.75, 0), True), (NAN, False)):
        after, reduce = step(state, metric, min_delta=0.25)
        assert (after.waited == 0) is improves
        assert after.best == (metric if improves else 1.0)
        assert not reduce


def test_the_count_is_a_pure_function(half):
    step, State = module(half).plateau_decay, module(half).PlateauState
    state = State(best=1.0, waited=2)
    assert step(state, 1.0) == step(state, 1.0) == (State(1.0, 0, 0), True)
    assert step(state, 1.0, cooldown=2) == (State(1.0, 0, 2), True)
    assert step(State(1.0, 0, 2), 0.5, patience=1) == (State(0.5, 0, 1), False)
    assert step(State(1.0, 0, 1), 1.0, patience=1) == (State(1.0, 0, 0), False)
    assert step(State(1.0, 0, 0), 1.0, patience=1) == (State(1.0, 0, 0), True)
    assert state == (1.0, 2, 0)


@every_options
@pytest.mark.parametrize("losses", LOSSES.values(), ids=LOSSES)
def test_torch_does_the_same_when_told_to(losses, options):
    """It waits for patience + 1 epochs, and means a share of the loss by threshold."""
    factor, patience, delta, cooldown, low = options.values()

    def theirs(o):
        return torch.optim.lr_scheduler.ReduceLROnPlateau(
            o, factor=factor, patience=patience - 1, threshold=delta, threshold_mode="abs",
            cooldown=cooldown, min_lr=low, eps=0,
        )  # fmt: skip

    assert ours_in_torch(losses, **options) == in_torch(theirs, losses)


@every_options
@pytest.mark.parametrize("name", [name for name in LOSSES if np.isfinite(LOSSES[name][0])])
def test_keras_does_the_same_when_told_to(name, options):
    """It counts the last epoch of a cooldown, and takes any first loss for an improvement."""
    losses, cooldown = LOSSES[name], options["cooldown"]
    own = keras.callbacks.ReduceLROnPlateau(
        "val_loss", mode="min", **{**options, "cooldown": cooldown and cooldown + 1}
    )
    assert in_keras(tf_impl.schedules.PlateauDecay(**options), losses) == in_keras(own, losses)


def first_reduction(found):
    return next(epoch for epoch, rate in enumerate(found) if rate < 0.5)


def test_untold_the_built_ins_part():
    flat = LOSSES["flat"]
    assert first_reduction(ours_in_torch(flat)) == 3
    assert first_reduction(in_keras(tf_impl.schedules.PlateauDecay(), flat)) == 3
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau
    assert first_reduction(in_torch(lambda o: theirs(o, patience=3), flat)) == 4
    # an improvement of 1/1000 of the loss, which is less than 1e-4
    small = [1e-3 * (1 - 1e-3 * epoch) for epoch in range(8)]
    assert set(ours_in_torch(small)) == {0.5}
    own = keras.callbacks.ReduceLROnPlateau("val_loss", patience=3)
    assert first_reduction(in_keras(own, small)) == 3
    # after a first loss of NaN, Keras's finds nothing to be less
    falling = [NAN, 5.0, 4.0, 3.0]
    own = keras.callbacks.ReduceLROnPlateau("val_loss", mode="min", patience=3, min_delta=0)
    assert first_reduction(in_keras(own, falling)) == 3
    assert set(in_keras(tf_impl.schedules.PlateauDecay(), falling)) == {0.5}


def test_a_torch_run_resumed_from_its_state_is_the_uninterrupted_one(tmp_path):
    losses, options = LOSSES["drawn"], {"factor": 0.5, "patience": 2, "cooldown": 1}
    scheduler = torch_impl.schedules.PlateauDecay(optimizer(0.5), **options)
    for loss in losses[:23]:
        scheduler.step(loss)
    torch.save([scheduler.state_dict(), scheduler.optimizer.state_dict()], tmp_path / "state.pt")
    resumed = torch_impl.schedules.PlateauDecay(optimizer(0.25))
    state, of_optimizer = torch.load(tmp_path / "state.pt")
    resumed.load_state_dict(state)
    resumed.optimizer.load_state_dict(of_optimizer)
    assert resumed.state == scheduler.state
    for loss, expected in zip(losses[23:], ours_in_torch(losses, **options)[23:], strict=True):
        resumed.step(loss)
        assert rates(resumed.optimizer) == resumed.get_last_lr() == [expected]
    assert resumed.last_epoch == len(losses)


def test_a_keras_run_resumed_from_its_state_is_the_uninterrupted_one():
    losses, options = LOSSES["drawn"], {"factor": 0.5, "patience": 2, "cooldown": 1}
    whole = in_keras(tf_impl.schedules.PlateauDecay(**options), losses)
    callback = tf_impl.schedules.PlateauDecay(**options)
    first = in_keras(callback, losses[:23])
    state = pickle.loads(pickle.dumps(callback.state_dict()))
    resumed = tf_impl.schedules.PlateauDecay(**options)
    resumed.load_state_dict(state)
    for one in (callback, resumed):  # a second fit, and another process
        one.load_state_dict(state)
        assert first + in_keras(one, losses[23:], first=first[-1]) == whole


def test_every_group_is_reduced_where_it_stands_and_none_below_min_lr():
    for kind in (float, torch.tensor):
        o = optimizer(0.5, 0.25, 0.0625, kind=kind)
        tensors = [group["lr"] for group in o.param_groups]
        scheduler = torch_impl.schedules.PlateauDecay(o, factor=0.5, patience=1, min_lr=0.125)
        o.param_groups[0]["lr"] *= 2  # by another hand
        for _ in range(3):
            scheduler.step(1.0)
        assert rates(o) == scheduler.get_last_lr() == [0.25, 0.125, 0.0625]
        assert kind is float or all(
            group["lr"] is t for group, t in zip(o.param_groups, tensors, strict=True)
        )


def test_a_torch_run_knows_its_rates_before_its_first_step():
    scheduler = torch_impl.schedules.PlateauDecay(optimizer(0.25))
    assert scheduler.get_last_lr() == [0.25]


def test_keras_fits_with_it_and_has_the_rates_in_the_history():
    layer = keras.layers.Dense(1, kernel_initializer="zeros", trainable=False)
    still = keras.Sequential([keras.Input((1,)), layer])
    still.compile(keras.optimizers.SGD(0.5), "mse")
    x = np.ones((4, 1))
    callback = tf_impl.schedules.PlateauDecay(factor=0.5, patience=2)
    options = {"callbacks": [callback], "verbose": 0}
    history = still.fit(x, x, epochs=6, validation_data=(x, x), **options)
    # the rate of each epoch; that after the last one is the optimizer's
    assert history.history["learning_rate"] == [0.5, 0.5, 0.5, 0.25, 0.25, 0.125]
    with pytest.raises(ValueError, match=r"follows 'val_loss', .* epoch 0 .*only .*loss.*: pass"):
        still.fit(x, x, epochs=1, **options)
    by_loss = tf_impl.schedules.PlateauDecay(factor=0.5, patience=1, monitor="loss")
    still.fit(x, x, epochs=2, callbacks=[by_loss], verbose=0)
    assert float(still.optimizer.learning_rate) == 0.0625


@pytest.mark.parametrize(
    "name, value",
    [("factor", -0.1), ("factor", 1.5), ("factor", NAN), ("patience", 0), ("patience", 2.5),
     ("min_delta", -1e-4), ("cooldown", -1), ("min_lr", -0.1), ("min_lr", math.inf)],
)  # fmt: skip
def test_wrong_options_are_named(name, value):
    for make in (
        tf_impl.schedules.PlateauDecay,
        lambda **options: torch_impl.schedules.PlateauDecay(optimizer(0.1), **options),
    ):
        with pytest.raises(ValueError, match=f"{name} must be .*, got {value}"):
            make(**{name: value})


@pytest.mark.parametrize("package", [tf_impl.schedules, torch_impl.schedules])
def test_a_rate_has_no_lower_end_unless_one_is_given(package):
    assert package.plateau.reduced(0.5, 0.5) == 0.25


def test_a_keras_callback_has_what_every_callback_has():
    assert (
        vars(keras.callbacks.Callback()).items() <= vars(tf_impl.schedules.PlateauDecay()).items()
    )
