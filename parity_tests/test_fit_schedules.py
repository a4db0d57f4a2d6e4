"""`fit` by schedules: what they are told of a run, the frameworks' own, and the rate afterwards."""

import keras
import pytest
import torch

import tf_impl.schedules
import tf_impl.training
import torch_impl.training
from parity_tests import fit_cases
from parity_tests.fit_line import Line, X, Y
from parity_tests.parties import HALVES
from parity_tests.test_fit import plateau
from parity_tests.training_run import in_keras

KERAS = HALVES[0]


def test_a_schedule_is_told_the_validation_loss_and_no_other(half):
    line = Line(half)
    # learning these makes it worse at those: only the first epoch is an improvement
    falling = plateau(half, factor=0.5, patience=1)(line.sgd)
    frame = line.fit(epochs=4, batch_size=5, schedule=falling, validation=(X, -8 * Y)).frame
    assert frame.learning_rate.tolist() == [0.125, 0.125, 0.0625, 0.03125]


def test_a_loss_that_falls_in_every_epoch_leaves_the_rate_as_it_is(half):
    line = Line(half)
    patient = plateau(half, factor=0.5, patience=1)(line.sgd)
    frame = line.fit(epochs=4, batch_size=5, schedule=patient, validation=(X, Y)).frame
    assert frame.val_loss.is_monotonic_decreasing and (frame.learning_rate == 0.125).all()


def shipped(half, line):
    """Schedules that the framework ships: one of three rates, and one that follows the losses."""
    if in_keras(half):
        decay = keras.optimizers.schedules.PiecewiseConstantDecay([0, 1], [0.5, 0.25, 0.125])
        return decay, keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=1e6)
    line.sgd.param_groups[0]["lr"] = 0.5
    decay = torch.optim.lr_scheduler.MultiStepLR(line.sgd, [1, 2], gamma=0.5)
    return decay, torch.optim.lr_scheduler.ReduceLROnPlateau(
        line.sgd, factor=0.5, patience=0, threshold=1e6, threshold_mode="abs"
    )


def test_frameworks_own_schedules_drive_it_too(half):
    line = Line(half)
    decay, falling = shipped(half, line)
    frame = line.fit(epochs=3, schedule=decay).frame
    assert frame.learning_rate.tolist() == [0.5, 0.25, 0.125]
    sgd = fit_cases.optimizer(half, "sgd", line.model, 0.5) if in_keras(half) else line.sgd
    frame = line.fit(epochs=3, optimizer=sgd, schedule=falling, validation=(X, Y)).frame
    rates = frame.learning_rate
    assert rates[1] == rates[0] and rates[2] == rates[0] / 2


def test_a_callback_of_keras_begins_anew_with_each_run():
    """As in its own fit: the first epoch of a run counts as an improvement."""
    line = Line(KERAS)
    falling = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=1e6)
    for rate in (0.125, 0.0625):
        frame = line.fit(epochs=2, schedule=falling, validation=(X, Y)).frame
        assert frame.learning_rate.tolist() == [rate, rate]


def test_an_optimizer_whose_rate_a_run_has_set_can_be_saved(tmp_path):
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    sgd = keras.optimizers.SGD(0.5)
    schedule = tf_impl.schedules.ExponentialDecay(0.5, 0.25)
    more = {"loss": keras.losses.MeanSquaredError(), "epochs": 2, "batch_size": 2}
    tf_impl.training.fit(made, X, Y[:, None], optimizer=sgd, schedule=schedule, **more)
    made.compile(sgd, "mse")
    made.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert float(again.learning_rate) == float(sgd.learning_rate) == float(schedule(2))


def test_a_schedule_must_be_one_and_be_told_what_it_follows(half):
    line = Line(half)
    with pytest.raises(TypeError, match=r"schedule must be a.*, got float"):
        line.fit(schedule=0.5)
    with pytest.raises(ValueError, match="follows the validation loss: pass fit validation"):
        line.fit(schedule=plateau(half)(line.sgd))
    with pytest.raises(ValueError, match="loss of whole epochs: leave schedule_every"):
        line.fit(schedule=plateau(half)(line.sgd), validation=(X, Y), schedule_every="step")


def test_a_torch_schedule_must_be_of_the_optimizer_it_is_given_with():
    made = torch.nn.Linear(2, 1)
    one, other = (torch.optim.SGD(made.parameters(), lr=0.5) for _ in range(2))
    more = {"loss": torch.nn.functional.mse_loss, "epochs": 1, "batch_size": 2}
    schedule = torch.optim.lr_scheduler.StepLR(other, 3)
    with pytest.raises(ValueError, match="the schedule is of another optimizer"):
        torch_impl.training.fit(made, X, Y[:, None], optimizer=one, schedule=schedule, **more)
