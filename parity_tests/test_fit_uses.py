"""fit in use: frameworks' own parts, frozen weights, traces, stops of every kind, and errors."""

import os
import signal
from collections import OrderedDict

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.layers
import tf_impl.schedules
import tf_impl.training
import torch_impl.layers
import torch_impl.training
from parity_tests import fit_cases
from parity_tests.fit_cases import assert_follows
from parity_tests.test_fit import CASES, insurance, plateau
from parity_tests.training_run import in_keras, model, module
from shared.early_stopping import EarlyStopping

X = np.arange(10.0).reshape(5, 2) / 8
Y = np.array([1.0, 0.0, 2.0, 1.0, 0.5])


@pytest.fixture
def fit(half):
    return module(half, "training").fit


@pytest.fixture
def line(half):
    """A linear regression, an optimizer of it, and what fit needs besides data."""
    made = module(half, "models.linear_regression").LinearRegression(2)
    sgd = fit_cases.optimizer(half, "sgd", made, 0.125)
    loss = half.families["losses"].mean_squared_error
    return made, {"loss": loss, "optimizer": sgd, "epochs": 2, "batch_size": 2}


def built_in(half, case):
    """The case's network, loss and optimizer as the framework ships them."""
    arrays, units, activation = list(case.arrays.values()), case.units, case.activation
    if in_keras(half):
        first = keras.layers.Dense(units[0], activation, dtype="float64")
        made = keras.Sequential([first, keras.layers.Dense(units[1], dtype="float64")])
        made.build((None, case.x.shape[1]))
        made.set_weights(arrays)
        loss = keras.losses.BinaryCrossentropy(from_logits=True, dtype="float64")
        return made, loss, keras.optimizers.SGD(case.rate)
    first, last = torch.nn.Linear(case.x.shape[1], units[0]), torch.nn.Linear(*units)
    made = torch.nn.Sequential(first, torch.nn.Tanh(), last).double()
    with torch.no_grad():
        for weight, array in zip(made.parameters(), arrays, strict=True):
            weight.copy_(torch.tensor(array.T))
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    return made, loss, torch.optim.SGD(made.parameters(), lr=case.rate)


def test_models_losses_and_optimizers_that_frameworks_ship_are_trained_alike(half, fit, mode):
    case = CASES["sgd"]
    made, loss, sgd = built_in(half, case)
    (x, y), held_out = case.split
    more = {"epochs": case.epochs, "batch_size": case.batch_size, "mode": mode}
    frame = fit(made, x, y, loss=loss, optimizer=sgd, validation=held_out, **more).frame
    fit_cases.assert_close(case, "epoch_loss", frame.loss, slice(None))
    fit_cases.assert_close(case, "val_loss", frame.val_loss, slice(None))


def test_a_model_that_was_never_built_is_built_by_its_first_row(half, fit):
    if in_keras(half):
        made = keras.Sequential([keras.layers.Dense(1), keras.layers.Reshape(())])
        sgd = keras.optimizers.SGD(0.125)
    else:
        made = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Flatten(0))
        sgd = torch.optim.SGD(made.parameters(), lr=0.125)
    loss = half.families["losses"].mean_squared_error
    frame = fit(made, X, Y, loss=loss, optimizer=sgd, epochs=2, batch_size=5).frame
    assert frame.loss[1] < frame.loss[0]


def test_a_loss_reads_examples_and_labels_in_the_dtype_of_the_weights(half, line, fit):
    """NumPy's numbers are float64, and these weights float32."""
    made, more = line
    seen, mean = [], tf.reduce_mean if in_keras(half) else torch.mean

    def loss(one, other):
        seen.extend(half.framework.array(values).dtype for values in (one, other))
        return mean((one - other) ** 2)

    fit(made, X, Y, **{**more, "loss": loss, "epochs": 1, "batch_size": 5})
    assert seen == [np.float32, np.float32]


def test_without_validation_its_loss_is_nan_and_epochs_count_from_0(line, fit):
    made, more = line
    frame = fit(made, X, Y, **more).frame
    assert list(frame.columns) == ["epoch", "loss", "val_loss", "learning_rate"]
    assert frame.epoch.tolist() == [0, 1] and frame.val_loss.isna().all()
    assert frame.learning_rate.tolist() == [0.125, 0.125]


def test_the_mean_loss_of_an_epoch_weighs_batches_by_their_size(half, line, fit):
    made, more = line
    steps = []
    frame = fit(made, X, Y, on_step=steps.append, **more).frame
    for epoch in (0, 1):
        own = [step.loss for step in steps if step.epoch == epoch]
        assert frame.loss[epoch] == (own[0] * 2 + own[1] * 2 + own[2]) / 5
    assert [step.step for step in steps] == [0, 1, 2, 3, 4, 5]


def test_so_does_that_of_validation(half, line, fit):
    """In batches of 2, 2 and 1 it is that of all rows; these numbers are never rounded."""
    made, more = line
    half.framework.load(made, {"W": np.float32([1, 2]), "b": np.float32(0.5)})
    more["optimizer"] = fit_cases.optimizer(half, "sgd", made, 0.0)
    frame = fit(made, X, Y, validation=(X, Y), **more).frame
    assert frame.val_loss.tolist() == 2 * [np.sum((X @ [1, 2] + 0.5 - Y) ** 2) / 5]


class KerasUnread(tf_impl.layers.Linear):
    """A linear layer with one weight more, which nothing reads."""

    def build(self, input_shape):
        super().build(input_shape)
        self.unread = self.add_weight(shape=(2,), initializer="ones", name="unread")


class TorchUnread(torch_impl.layers.Linear):
    """The same."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.unread = torch.nn.Parameter(torch.ones(2))


def frozen(half):
    """A network whose first layer is frozen, and whose second has a weight that nothing reads."""
    if in_keras(half):
        first = tf_impl.layers.Linear(4, name="linear_1", trainable=False)
        return keras.Sequential([keras.Input((2,)), first, KerasUnread(1, name="linear_2")])
    first = torch_impl.layers.Linear(2, 4).requires_grad_(False)
    return torch.nn.Sequential(OrderedDict(linear_1=first, linear_2=TorchUnread(4, 1)))


def test_frozen_weights_and_those_without_a_gradient_stay(half, fit, mode):
    made, steps = frozen(half), []
    before = fit_cases.values(half, made)
    adam = fit_cases.optimizer(half, "adam", made, 0.125)
    (x, y), _ = insurance().split
    loss = half.families["losses"].binary_cross_entropy_with_logits
    fit(made, x, y, loss=loss, optimizer=adam, epochs=1, batch_size=5, mode=mode,
        on_step=steps.append)  # fmt: skip
    after = fit_cases.values(half, made)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    last = {"linear_2/kernel", "linear_2/bias"} if in_keras(half) else {
        "linear_2.weight", "linear_2.bias"}  # fmt: skip
    assert changed == last
    assert {n for n, g in steps[0].gradients.items() if g is not None} == last
    assert [n.rpartition("unread")[1] for n, g in steps[0].gradients.items() if g is None] == [
        "unread"
    ]


def with_layer(half, keras_layer, torch_layer):
    """A layer that is another one in training, and a linear one behind it."""
    if in_keras(half):
        return keras.Sequential([keras.Input((2,)), keras_layer, tf_impl.layers.Linear(1)])
    return torch.nn.Sequential(torch_layer, torch_impl.layers.Linear(2, 1))


def at_rest(half, fit, made, mode, validation=(X, Y[:, None])):
    """A run of two epochs whose rate is 0."""
    sgd = fit_cases.optimizer(half, "sgd", made, 0.0)
    loss = half.families["losses"].mean_squared_error
    return fit(made, X, Y[:, None], loss=loss, optimizer=sgd, epochs=2, batch_size=5, mode=mode,
               validation=validation).frame  # fmt: skip


def test_dropout_drops_in_steps_and_not_in_validation(half, fit):
    half.framework.set_seed(1)
    dropout = half.families["layers"].Dropout
    frame = at_rest(half, fit, with_layer(half, dropout(0.5), dropout(0.5)), "eager")
    assert frame.loss[0] != frame.loss[1]
    assert frame.val_loss[0] == frame.val_loss[1]


def test_batch_norm_keeps_statistics_of_steps_and_not_of_validation(half, fit, mode):
    found = []
    for validation in ((8 * X, Y[:, None]), None):
        norm = half.families["layers"].BatchNorm
        layers = (norm(), None) if in_keras(half) else (None, norm(2))
        made = with_layer(half, *layers)
        at_rest(half, fit, made, mode, validation)
        moving = [v for n, v in fit_cases.values(half, made).items() if "mean" in n]
        found.append(moving[0])
    assert found[0].all()
    np.testing.assert_array_equal(*found)


class Overwriting(torch.optim.SGD):
    """Writes gradients over those before, as a flat optimizer does."""

    def zero_grad(self, set_to_none=True):
        super().zero_grad(set_to_none=False)


def test_a_step_keeps_its_gradients_when_the_next_one_writes_over_them():
    found = []
    for kind in (torch.optim.SGD, Overwriting):
        made, steps = torch.nn.Linear(2, 1), []
        torch.nn.init.ones_(made.weight)
        torch.nn.init.ones_(made.bias)
        more = {"loss": torch.nn.functional.mse_loss, "epochs": 2, "batch_size": 5}
        sgd = kind(made.parameters(), lr=0.125)
        torch_impl.training.fit(made, X, Y[:, None], optimizer=sgd, on_step=steps.append, **more)
        found.append([step.gradients["weight"].tolist() for step in steps])
    assert found[0] == found[1]


@pytest.mark.parametrize("training", [True, False])
def test_a_module_is_in_its_own_mode_again_afterwards(training):
    made = torch.nn.Linear(2, 1).train(training)
    sgd = torch.optim.SGD(made.parameters(), lr=0.125)
    more = {"loss": torch.nn.functional.mse_loss, "epochs": 1, "batch_size": 2}
    data = X, Y[:, None]
    torch_impl.training.fit(made, *data, optimizer=sgd, validation=data, **more)
    assert made.training is training


def test_what_keras_layers_add_to_the_loss_is_part_of_it():
    penalty = keras.regularizers.L2(0.5)
    last = keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=penalty)
    made, loss = keras.Sequential([keras.Input((2,)), last]), keras.losses.MeanSquaredError()
    still = {"optimizer": keras.optimizers.SGD(0.0), "epochs": 1, "batch_size": 4}
    frame = tf_impl.training.fit(made, np.zeros((4, 2)), np.zeros((4, 1)), loss=loss, **still).frame
    assert frame.loss[0] == 1.0


def counted(monkeypatch, half):
    """How often each function that fit compiles was traced."""
    traces, training = [], module(half, "training")

    def keras_compiled(function, mode):
        def noting(x, y):
            traces.append(x.shape[0])
            return function(x, y)

        return tf.function(noting, jit_compile=mode == "compiled", autograph=False)

    def torch_compiled(function, mode):
        def backend(graph, inputs):
            traces.append(None)
            return graph

        return torch.compile(function, backend=backend, fullgraph=True, isolate_recompiles=True)

    replaced = keras_compiled if in_keras(half) else torch_compiled
    monkeypatch.setattr(training, "compiled", replaced)
    return traces


@pytest.mark.parametrize("rows, expected", [(10, 1), (11, 2)])
def test_a_step_is_traced_once_for_full_batches_and_once_for_the_rest(
    half, fit, monkeypatch, rows, expected
):
    """Although the rate changes from step to step."""
    traces = counted(monkeypatch, half)
    made = model(half, insurance(), "float32")
    sgd = fit_cases.optimizer(half, "sgd", made, 0.5)
    decay = module(half, "schedules").ExponentialDecay
    schedule = decay(0.5, 0.25) if in_keras(half) else decay(sgd, 0.25)
    x, y = insurance().x[:rows], insurance().y[:rows]
    loss = half.families["losses"].binary_cross_entropy_with_logits
    fit(made, x, y, loss=loss, optimizer=sgd, epochs=4, batch_size=5, mode="graph",
        schedule=schedule, schedule_every="step")  # fmt: skip
    assert len(traces) == expected


def test_many_runs_may_be_captured_one_after_the_other(half):
    """More than torch lets one function be compiled anew, unless each compilation stands alone."""
    for units in range(1, 11):
        case = insurance(units=(units, 1), epochs=1, batch_size=13, held_out=0)
        assert_follows(half, case, fit_cases.train(half, case, mode="graph"))


def test_early_stopping_ends_the_run_after_so_many_epochs_without_improvement(line, fit):
    made, more = line
    never_better = EarlyStopping(patience=2, min_delta=1e6)
    more = {**more, "epochs": 9, "batch_size": 5, "early_stopping": never_better}
    assert len(fit(made, X, Y, **more).frame) == 3  # the first is an improvement
    assert len(fit(made, X, Y, validation=(X, Y), **more).frame) == 3
    assert len(fit(made, X, Y, **{**more, "early_stopping": EarlyStopping(1)}).frame) == 9


def test_early_stopping_goes_by_the_validation_loss(half, line, fit):
    made, more = line
    # learning these makes it worse at those
    worse = X, -8 * Y
    more = {**more, "epochs": 9, "batch_size": 5, "early_stopping": EarlyStopping(patience=2)}
    frame = fit(made, X, Y, validation=worse, **more).frame
    assert len(frame) == 3 and frame.val_loss.is_monotonic_increasing
    assert frame.loss.is_monotonic_decreasing


def test_a_schedule_is_told_the_validation_loss_and_no_other(half, line, fit):
    made, more = line
    # learning these makes it worse at those: only the first epoch is an improvement
    falling = plateau(half, factor=0.5, patience=1)(more["optimizer"])
    more = {**more, "epochs": 4, "batch_size": 5, "schedule": falling}
    rates = fit(made, X, Y, validation=(X, -8 * Y), **more).frame.learning_rate
    assert rates.tolist() == [0.125, 0.125, 0.0625, 0.03125]


@pytest.mark.parametrize("stop", ["signal", "error"])
def test_ctrl_c_ends_the_run_with_the_whole_epochs_so_far(line, fit, stop):
    made, more = line
    steps = []

    def on_step(step):
        steps.append(step.step)
        if step.step == 4:  # the second of epoch 1
            if stop == "error":
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGINT)

    history = fit(made, X, Y, on_step=on_step, **{**more, "epochs": 5})
    assert history.interrupted and steps == [0, 1, 2, 3, 4]
    assert history.frame.epoch.tolist() == [0]
    assert not fit(made, X, Y, **more).interrupted


def test_a_run_that_is_interrupted_at_once_has_an_empty_frame(line, fit):
    made, more = line

    def on_step(step):
        raise KeyboardInterrupt

    frame = fit(made, X, Y, on_step=on_step, **more).frame
    assert len(frame) == 0
    assert list(frame.columns) == ["epoch", "loss", "val_loss", "learning_rate"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_no_number_names_epoch_and_step(line, fit, mode, bad):
    made, more = line
    y = np.array([1.0, 0.0, 2.0, bad, 0.5])
    with pytest.raises(FloatingPointError, match="epoch 0 at step 1, both counted from 0"):
        fit(made, X, y, shuffle=False, mode=mode, **more)


def test_a_run_that_diverges_says_where(line, fit):
    made, more = line
    with pytest.raises(FloatingPointError, match=r"epoch \d+ at step \d+, both"):
        fit(made, 1e6 * X, Y, **{**more, "epochs": 200})


@pytest.mark.parametrize(
    "change, message",
    [
        ({"x": np.ones((4, 2))}, "x and y need as many rows each, got 4 and 5"),
        ({"x": np.ones((0, 2)), "y": np.ones(0)}, "x and y have no rows"),
        ({"validation": (X, Y[:4])}, "x and y of validation need as many rows each, got 5 and 4"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"mode": "fast"}, "has no mode 'fast', only eager, graph, compiled"),
        ({"schedule_every": "batch"}, "schedule_every must be 'epoch' or 'step', got 'batch'"),
    ],
)
def test_what_fit_cannot_do_it_says_before_it_begins(half, line, fit, change, message):
    made, more = line
    before = fit_cases.values(half, made)
    with pytest.raises(ValueError, match=message):
        fit(made, **{"x": X, "y": Y, **more, **change})
    np.testing.assert_array_equal(fit_cases.values(half, made)["W"], before["W"])


def test_a_model_with_nothing_to_train_is_refused(half, line, fit):
    made, more = line
    if in_keras(half):
        made.trainable = False
    else:
        made.requires_grad_(False)
    with pytest.raises(ValueError, match="no trainable weights: unfreeze"):
        fit(made, X, Y, **more)


def test_a_loss_for_each_row_is_refused(half, line, fit):
    made, more = line
    each = half.families["losses"].squared_error
    # torch itself refuses to go backward from more than one number
    refusal = ValueError if in_keras(half) else RuntimeError
    with pytest.raises(refusal, match=r"one number|scalar outputs"):
        fit(made, X, Y, **{**more, "loss": lambda one, other: each(one, other, reduction="none")})


def test_a_schedule_must_be_one_and_be_told_what_it_follows(half, line, fit):
    made, more = line
    with pytest.raises(TypeError, match=r"schedule must be a.*, got float"):
        fit(made, X, Y, schedule=0.5, **more)
    with pytest.raises(ValueError, match="follows the validation loss: pass fit validation"):
        fit(made, X, Y, schedule=plateau(half)(more["optimizer"]), **more)
    with pytest.raises(ValueError, match="loss of whole epochs: leave schedule_every"):
        fit(made, X, Y, schedule=plateau(half)(more["optimizer"]), validation=(X, Y),
            schedule_every="step", **more)  # fmt: skip


def test_a_torch_schedule_must_be_of_the_optimizer_it_is_given_with():
    made = torch.nn.Linear(2, 1)
    one, other = (torch.optim.SGD(made.parameters(), lr=0.5) for _ in range(2))
    more = {"loss": torch.nn.functional.mse_loss, "epochs": 1, "batch_size": 2}
    schedule = torch.optim.lr_scheduler.StepLR(other, 3)
    with pytest.raises(ValueError, match="the schedule is of another optimizer"):
        torch_impl.training.fit(made, X, Y[:, None], optimizer=one, schedule=schedule, **more)


def test_frameworks_own_schedules_drive_it_too(half, line, fit):
    made, more = line
    if in_keras(half):
        decay = keras.optimizers.schedules.PiecewiseConstantDecay([0, 1], [0.5, 0.25, 0.125])
        falling = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=1e6)
    else:
        sgd = more["optimizer"]
        sgd.param_groups[0]["lr"] = 0.5
        decay = torch.optim.lr_scheduler.MultiStepLR(sgd, [1, 2], gamma=0.5)
        falling = torch.optim.lr_scheduler.ReduceLROnPlateau(
            sgd, factor=0.5, patience=0, threshold=1e6, threshold_mode="abs"
        )
    more["epochs"] = 3
    assert fit(made, X, Y, schedule=decay, **more).frame.learning_rate.tolist() == [
        0.5,
        0.25,
        0.125,
    ]
    sgd = fit_cases.optimizer(half, "sgd", made, 0.5) if in_keras(half) else more["optimizer"]
    more["optimizer"] = sgd
    rates = fit(made, X, Y, schedule=falling, validation=(X, Y), **more).frame.learning_rate
    assert rates[1] == rates[0] and rates[2] == rates[0] / 2


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


def test_a_progress_bar_is_shown_where_asked_for(line, fit, capsys):
    made, more = line
    fit(made, X, Y, **more)
    assert capsys.readouterr().out == ""
    fit(made, X, Y, progress=True, **more)
    assert "6/6" in capsys.readouterr().out
