"""Rates that depend on the run: when a plateau is one, and what a callback may set."""

import copy
from types import SimpleNamespace

import keras
import numpy as np
from torch import nn
from torch.optim import lr_scheduler

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    SCHEDULE,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.schedules import sgd, stepped

TITLE = "Plateaus, callbacks and early stopping"
STAGE = SCHEDULE


def on_plateau(callback, rate, losses):
    """The rate after each epoch, of ReduceLROnPlateau of Keras."""
    optimizer = SimpleNamespace(learning_rate=rate)
    callback.set_model(SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    taken = []
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": loss})
        taken.append(float(optimizer.learning_rate))
    return taken


def stepped_by(losses, rate, **options):
    """The rate after each epoch, of ReduceLROnPlateau of torch."""
    optimizer = sgd(rate)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    taken = []
    for loss in losses:
        scheduler.step(loss)
        taken.append(optimizer.param_groups[0]["lr"])
    return taken


@difference(
    item="patience of ReduceLROnPlateau",
    keras="reduces when `patience` epochs in a row were no better",
    torch="reduces at the one after: bad epochs > patience",
    severity=SILENT_WRONG,
    hits="every port, defaults included",
    recipe="torch's patience = Keras' patience − 1",
    sources=(
        "keras/src/callbacks/reduce_lr_on_plateau.py:L132",
        "torch/optim/lr_scheduler.py:L1716",
    ),
)
class PlateauPatience:
    losses, rate = [1.0] * 8, 0.1

    def in_keras(losses, rate):
        return on_plateau(keras.callbacks.ReduceLROnPlateau("loss", patience=3), rate, losses)

    def in_torch(losses, rate):
        return stepped_by(losses, rate, patience=3)

    def torch_as_keras(losses, rate):
        return stepped_by(losses, rate, patience=2)

    def keras_as_torch(losses, rate):
        return on_plateau(keras.callbacks.ReduceLROnPlateau("loss", patience=4), rate, losses)


@difference(
    item="what counts as an improvement on a plateau, loss near 100",
    keras="min_delta=0.0001, as it is",
    torch="threshold=0.0001 in parts of the best so far: threshold_mode='rel'",
    severity=SILENT_WRONG,
    hits="losses far above 1: torch reduces while the loss still falls",
    recipe="torch: threshold_mode='abs'",
    sources=(
        "keras/src/callbacks/reduce_lr_on_plateau.py:L55",
        "torch/optim/lr_scheduler.py:L1749",
    ),
)
class PlateauThreshold:
    losses, rate = [100 - 0.006 * epoch for epoch in range(6)], 0.1

    def in_keras(losses, rate):
        return on_plateau(keras.callbacks.ReduceLROnPlateau("loss", patience=1), rate, losses)

    def in_torch(losses, rate):
        return stepped_by(losses, rate, patience=0)

    def torch_as_keras(losses, rate):
        return stepped_by(losses, rate, patience=0, threshold_mode="abs")

    def keras_as_torch(losses, rate):
        # min_delta is one number: right as long as the loss stays near 100
        callback = keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=0.01)
        return on_plateau(callback, rate, losses)


@difference(
    item="what counts as an improvement on a plateau, loss near 0.001",
    keras="a fall by 3% is below min_delta=0.0001: the rate is cut",
    torch="3% is more than the relative threshold",
    severity=SILENT_WRONG,
    hits="losses far below 1: Keras reduces while the loss still falls",
    recipe="torch: threshold_mode='abs'; Keras: min_delta=0",
    sources=(
        "keras/src/callbacks/reduce_lr_on_plateau.py:L55",
        "torch/optim/lr_scheduler.py:L1749",
    ),
)
class PlateauThresholdSmall:
    losses, rate = [0.001 * 0.97**epoch for epoch in range(3)], 0.1

    def in_keras(losses, rate):
        return on_plateau(keras.callbacks.ReduceLROnPlateau("loss", patience=1), rate, losses)

    def in_torch(losses, rate):
        return stepped_by(losses, rate, patience=0)

    def torch_as_keras(losses, rate):
        return stepped_by(losses, rate, patience=0, threshold_mode="abs")

    def keras_as_torch(losses, rate):
        callback = keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=0.0)
        return on_plateau(callback, rate, losses)


@difference(
    item="cooldown of ReduceLROnPlateau",
    keras="the epoch in which it reaches zero counts again",
    torch="that epoch does not count yet",
    severity=SILENT_WRONG,
    hits="plateaus with a cooldown",
    recipe="torch's cooldown = Keras' cooldown − 1",
    sources=(
        "keras/src/callbacks/reduce_lr_on_plateau.py:L123",
        "torch/optim/lr_scheduler.py:L1712",
    ),
)
class PlateauCooldown:
    losses, rate = [1.0] * 14, 0.1

    def in_keras(losses, rate):
        callback = keras.callbacks.ReduceLROnPlateau("loss", patience=2, cooldown=3)
        return on_plateau(callback, rate, losses)

    def in_torch(losses, rate):
        return stepped_by(losses, rate, patience=1, cooldown=3, eps=0)

    def torch_as_keras(losses, rate):
        return stepped_by(losses, rate, patience=1, cooldown=2, eps=0)

    def keras_as_torch(losses, rate):
        callback = keras.callbacks.ReduceLROnPlateau("loss", patience=2, cooldown=4)
        return on_plateau(callback, rate, losses)


@difference(
    item="the smallest rate on a plateau",
    keras="down to min_lr=0, without end",
    torch="a cut of less than eps=10⁻⁸ is not made",
    severity=COSMETIC,
    hits="long runs; fine-tuning at tiny rates",
    recipe="torch: eps=0; Keras: min_lr",
    sources=(
        "keras/src/callbacks/reduce_lr_on_plateau.py:L83",
        "torch/optim/lr_scheduler.py:L1741",
    ),
)
class PlateauSmallestRate:
    losses, rate = [1.0] * 6, 1e-7

    def in_keras(losses, rate):
        return on_plateau(keras.callbacks.ReduceLROnPlateau("loss", patience=1), rate, losses)

    def in_torch(losses, rate):
        return stepped_by(losses, rate, patience=0)

    def torch_as_keras(losses, rate):
        return stepped_by(losses, rate, patience=0, eps=0)

    def keras_as_torch(losses, rate):
        callback = keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_lr=rate / 10)
        return on_plateau(callback, rate, losses)


@difference(
    item="a first loss of NaN on a plateau",
    keras="becomes the best so far: nothing is ever better, and the rate falls",
    torch="the best so far is ∞, so that the next number is better",
    severity=SILENT_WRONG,
    hits="runs whose first validation overflows",
    recipe="hand over ∞ in place of NaN",
    sources=(
        "keras/src/callbacks/monitor_callback.py:L102",
        "torch/optim/lr_scheduler.py:L1771",
    ),
)
class PlateauNan:
    losses, rate = [np.nan, 3.0, 2.0, 1.0], 0.1

    def in_keras(losses, rate):
        return on_plateau(keras.callbacks.ReduceLROnPlateau("loss", patience=2), rate, losses)

    def in_torch(losses, rate):
        return stepped_by(losses, rate, patience=1)

    def torch_as_keras(losses, rate):
        # as bad as Keras finds it: what follows a NaN is never better
        return stepped_by([-np.inf, *losses[1:]], rate, patience=1)

    def keras_as_torch(losses, rate):
        losses = np.nan_to_num(losses, nan=np.inf)
        return on_plateau(keras.callbacks.ReduceLROnPlateau("loss", patience=2), rate, losses)


@difference(
    item="a plateau of a number that is not there",
    keras="a warning, no more: the rate never falls",
    torch="an error: step asks for the number",
    severity=CRASH,
    hits="fit without validation data, where val_loss is what is watched by default",
    recipe="Keras: monitor='loss'",
    sources=(
        "keras/src/callbacks/reduce_lr_on_plateau.py:L115",
        "torch/optim/lr_scheduler.py:L1699",
    ),
    unaligned="Keras has no setting that makes it refuse",
)
class PlateauWithoutNumber:
    losses, rate = [1.0] * 12, 0.1

    def in_keras(losses, rate):
        return on_plateau(keras.callbacks.ReduceLROnPlateau(patience=1), rate, losses)

    def in_torch(losses, rate):
        scheduler = lr_scheduler.ReduceLROnPlateau(sgd(rate), patience=0)
        return [scheduler.step() for _ in losses]

    def torch_as_keras(losses, rate):
        return [sgd(rate).param_groups[0]["lr"] for _ in losses]


@difference(
    item="what the function of a schedule returns",
    keras="LearningRateScheduler: the rate",
    torch="LambdaLR: a factor of the first rate",
    severity=SILENT_WRONG,
    hits="one function handed to both: torch's rate is smaller by the first one",
    recipe="torch: first rate 1, or divide by it",
    sources=(
        "keras/src/callbacks/learning_rate_scheduler.py:L70",
        "torch/optim/lr_scheduler.py:L464",
    ),
)
class FunctionOfEpoch:
    rate, epochs = 0.5, 4

    def in_keras(rate, epochs):
        optimizer = SimpleNamespace(learning_rate=rate)
        callback = keras.callbacks.LearningRateScheduler(lambda epoch: rate / 2**epoch)
        callback.set_model(SimpleNamespace(optimizer=optimizer))
        taken = []
        for epoch in range(epochs):
            callback.on_epoch_begin(epoch)
            taken.append(optimizer.learning_rate)
        return taken

    def in_torch(rate, epochs):
        return stepped(lr_scheduler.LambdaLR(sgd(rate), lambda e: rate / 2**e), epochs)

    def torch_as_keras(rate, epochs):
        return stepped(lr_scheduler.LambdaLR(sgd(1.0), lambda e: rate / 2**e), epochs)

    def keras_as_torch(rate, epochs):
        optimizer = SimpleNamespace(learning_rate=rate)
        callback = keras.callbacks.LearningRateScheduler(lambda epoch: rate * rate / 2**epoch)
        callback.set_model(SimpleNamespace(optimizer=optimizer))
        taken = []
        for epoch in range(epochs):
            callback.on_epoch_begin(epoch)
            taken.append(optimizer.learning_rate)
        return taken


@difference(
    item="the epoch that a schedule counts in a second call of fit",
    keras="begins at 0 again, unless initial_epoch says otherwise",
    torch="the scheduler goes on counting",
    severity=SILENT_WRONG,
    hits="training in several calls of fit: the rate jumps back up",
    recipe="Keras: fit(initial_epoch=2, epochs=4), epochs being the last; torch: a new scheduler",
    sources=(
        "keras/src/backend/tensorflow/trainer.py:L393",
        "torch/optim/lr_scheduler.py:L287",
    ),
)
class EpochsBeginAnew:
    rate, epochs = 0.5, 2

    def in_keras(rate, epochs):
        callback = keras.callbacks.LearningRateScheduler(lambda epoch: rate / 2**epoch)
        model, x = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), np.ones((1, 1))
        model.compile(keras.optimizers.SGD(), "mse", run_eagerly=True)
        taken = []
        for _ in range(2):
            model.fit(x, x, epochs=epochs, callbacks=[callback], verbose=0)
            taken.append(float(model.optimizer.learning_rate))
        return taken

    def in_torch(rate, epochs):
        scheduler = lr_scheduler.LambdaLR(sgd(rate), lambda epoch: 1 / 2**epoch)
        return [stepped(scheduler, epochs)[-1] for _ in range(2)]

    def torch_as_keras(rate, epochs):
        schedulers = [lr_scheduler.LambdaLR(sgd(rate), lambda e: 1 / 2**e) for _ in range(2)]
        return [stepped(scheduler, epochs)[-1] for scheduler in schedulers]

    def keras_as_torch(rate, epochs):
        callback = keras.callbacks.LearningRateScheduler(lambda epoch: rate / 2**epoch)
        model, x = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]), np.ones((1, 1))
        model.compile(keras.optimizers.SGD(), "mse", run_eagerly=True)
        taken = []
        for first in (0, epochs):
            span = {"initial_epoch": first, "epochs": first + epochs}
            model.fit(x, x, **span, callbacks=[callback], verbose=0)
            taken.append(float(model.optimizer.learning_rate))
        return taken


@difference(
    item="a rate set by hand while a schedule runs",
    keras="an error; ReduceLROnPlateau beside a schedule fails the same way",
    torch="allowed: most schedulers go on from the new rate",
    severity=CRASH,
    hits="schedules together with callbacks or with a rate finder",
    recipe="Keras: either a schedule or callbacks",
    sources=(
        "keras/src/optimizers/base_optimizer.py:L719",
        "torch/optim/lr_scheduler.py:L1064",
    ),
    unaligned="torch has no setting that makes it refuse",
)
class RateSetByHand:
    rate, other = 0.5, 0.25

    def in_keras(rate, other):
        decay = keras.optimizers.schedules.ExponentialDecay(rate, 1, 0.5)
        optimizer = keras.optimizers.SGD(decay)
        optimizer.learning_rate = other
        return float(optimizer.learning_rate)

    def in_torch(rate, other):
        scheduler = lr_scheduler.ExponentialLR(sgd(rate), 0.5)
        scheduler.optimizer.param_groups[0]["lr"] = other
        return stepped(scheduler, 2)

    def keras_as_torch(rate, other):
        optimizer = keras.optimizers.SGD(rate)
        taken = []
        for factor in (other / rate, 0.5):
            optimizer.learning_rate = factor * float(optimizer.learning_rate)
            taken.append(float(optimizer.learning_rate))
        return taken


@difference(
    item="epochs until early stopping, patience left out",
    keras="patience=0: the first epoch that is no better is the last",
    torch="nothing built in; counted as its ReduceLROnPlateau does, patience 10",
    severity=SILENT_WRONG,
    hits="training that stops after two epochs, or much later than thought",
    recipe="write patience, and whether it is bad ≥ or bad > patience",
    sources=(
        "keras/src/callbacks/early_stopping.py:L124",
        "torch/optim/lr_scheduler.py:L1716",
    ),
)
class EarlyStoppingPatience:
    losses = (3.0, *[2.0] * 20)

    def in_keras(losses):
        callback = keras.callbacks.EarlyStopping("loss")
        callback.set_model(model := SimpleNamespace(stop_training=False))
        callback.on_train_begin()
        for epoch, loss in enumerate(losses):
            callback.on_epoch_end(epoch, {"loss": loss})
            if model.stop_training:
                return epoch + 1

    def in_torch(losses):
        cut = stepped_by(losses, 1.0)
        return 1 + next(epoch for epoch, rate in enumerate(cut) if rate < 1)

    def torch_as_keras(losses):
        cut = stepped_by(losses, 1.0, patience=0, threshold=0)
        return 1 + next(epoch for epoch, rate in enumerate(cut) if rate < 1)

    def keras_as_torch(losses):
        callback = keras.callbacks.EarlyStopping("loss", patience=11)
        callback.set_model(model := SimpleNamespace(stop_training=False))
        callback.on_train_begin()
        for epoch, loss in enumerate(losses):
            callback.on_epoch_end(epoch, {"loss": loss})
            if model.stop_training:
                return epoch + 1


def kept_weight(losses, **options):
    """The weight that is left after EarlyStopping; the weight of an epoch is its number."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    callback = keras.callbacks.EarlyStopping("loss", patience=2, **options)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        model.set_weights([np.array([[epoch]])])
        callback.on_epoch_end(epoch, {"loss": loss})
    callback.on_train_end()
    return float(model.get_weights()[0][0, 0])


@difference(
    item="the weights that are left when training stops early",
    keras="those of the last epoch: restore_best_weights=False",
    torch="nothing built in; by hand those of the best epoch, as most loops are written",
    severity=SILENT_WRONG,
    hits="models that are evaluated after early stopping: patience epochs past the best",
    recipe="Keras: restore_best_weights=True; torch: keep a copy of state_dict()",
    sources=("keras/src/callbacks/early_stopping.py:L74", "torch/nn/modules/module.py:L2194"),
)
class EarlyStoppingWeights:
    losses = (3.0, 2.0, 2.5, 2.25)

    def in_keras(losses):
        return kept_weight(losses)

    def in_torch(losses):
        best, model = np.inf, nn.Linear(1, 1, bias=False)
        for epoch, loss in enumerate(losses):
            nn.init.constant_(model.weight, epoch)
            if loss < best:
                best, kept = loss, copy.deepcopy(model.state_dict())
        model.load_state_dict(kept)
        return float(model.weight)

    def torch_as_keras(losses):
        model = nn.Linear(1, 1, bias=False)
        for epoch, _ in enumerate(losses):
            nn.init.constant_(model.weight, epoch)
        return float(model.weight)

    def keras_as_torch(losses):
        return kept_weight(losses, restore_best_weights=True)


@difference(
    item="an improvement by less than float32 tells apart, with no threshold",
    keras="none: the two losses are compared as float32",
    torch="an improvement, in double precision",
    severity=COSMETIC,
    hits="large losses with min_delta=0; EarlyStopping likewise",
    recipe="torch: round the loss to float32; Keras: scale what is monitored",
    sources=("keras/src/callbacks/monitor_callback.py:L104", "torch/optim/lr_scheduler.py:L1748"),
)
class ComparedInFloat32:
    losses, rate = [1.0 - 1e-9 * k for k in range(6)], 0.5

    def in_keras(losses, rate):
        falls = keras.callbacks.ReduceLROnPlateau("loss", patience=2, min_delta=0)
        return on_plateau(falls, rate, losses)

    def in_torch(losses, rate):
        return stepped_by(losses, rate, patience=1, threshold=0)

    def torch_as_keras(losses, rate):
        rounded = [float(np.float32(loss)) for loss in losses]
        return stepped_by(rounded, rate, patience=1, threshold=0)

    def keras_as_torch(losses, rate):
        falls = keras.callbacks.ReduceLROnPlateau("loss", patience=2, min_delta=0)
        return on_plateau(falls, rate, [(loss - 1) * 1e9 for loss in losses])


@difference(
    item="two calls of training, two epochs each, on a flat loss",
    keras="the callback forgets the best loss and its count when training begins",
    torch="the scheduler goes on counting",
    severity=SILENT_WRONG,
    hits="training in several calls of fit: the rate is never cut",
    recipe="torch: a new scheduler for each call; Keras: one call of fit",
    sources=(
        "keras/src/callbacks/reduce_lr_on_plateau.py:L96",
        "torch/optim/lr_scheduler.py:L1690",
    ),
)
class TwoCalls:
    losses, rate = [1.0, 1.0], 0.5

    def in_keras(losses, rate):
        falls = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=3)
        return on_plateau(falls, rate, losses) + on_plateau(falls, rate, losses)

    def in_torch(losses, rate):
        return stepped_by(losses + losses, rate, factor=0.5, patience=2)

    def torch_as_keras(losses, rate):
        options = {"factor": 0.5, "patience": 2}
        return stepped_by(losses, rate, **options) + stepped_by(losses, rate, **options)

    def keras_as_torch(losses, rate):
        falls = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=3)
        return on_plateau(falls, rate, losses + losses)


def on_plateau_of_accuracy(accuracies, mode):
    """The rate after each epoch of a model that measures its accuracy, cut by half."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Flatten()])
    model.compile(keras.optimizers.SGD(1.0), loss="mse", metrics=["accuracy"])
    model.compute_metrics(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)))
    callback = keras.callbacks.ReduceLROnPlateau("accuracy", factor=0.5, patience=2, mode=mode)
    callback.set_model(model)
    callback.on_train_begin()
    taken = []
    for epoch, accuracy in enumerate(accuracies):
        callback.on_epoch_end(epoch, {"accuracy": accuracy})
        taken.append(float(model.optimizer.learning_rate))
    return taken


@difference(
    item="a plateau of the accuracy, mode not written",
    keras="mode='auto': the metric says that it is to rise",
    torch="mode='min': a rising accuracy counts as standing still",
    severity=SILENT_WRONG,
    hits="schedules that follow a metric",
    recipe="write the mode in both",
    sources=("keras/src/callbacks/monitor_callback.py:L86", "torch/optim/lr_scheduler.py:L1651"),
)
class PlateauMode:
    accuracies = (0.5, 0.625, 0.75, 0.875, 1.0)

    def in_keras(accuracies):
        return on_plateau_of_accuracy(accuracies, "auto")

    def in_torch(accuracies):
        return stepped_by(accuracies, 1.0, factor=0.5, patience=1)

    def torch_as_keras(accuracies):
        return stepped_by(accuracies, 1.0, factor=0.5, patience=1, mode="max")

    def keras_as_torch(accuracies):
        return on_plateau_of_accuracy(accuracies, "min")
