"""Schedules but cosines: what is counted, where a limit lies, how a rate ends."""

import math

import keras
import numpy as np
import torch
from torch import nn
from torch.optim import lr_scheduler

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    SCHEDULE,
    SILENT_WRONG,
    SLOW_DRIFT,
    difference,
)

TITLE = "Schedules"
STAGE = SCHEDULE


def sgd(rate):
    return torch.optim.SGD([nn.Parameter(torch.zeros(()))], rate)


def rates(schedule, updates):
    """What each update takes, of a Keras schedule."""
    return [float(schedule(step)) for step in range(updates)]


def stepped(scheduler, updates):
    """What each update takes, of a torch scheduler stepped after every one."""
    taken = []
    for _ in range(updates):
        taken.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return taken


@difference(
    item="precision of a schedule made of Python floats",
    keras="float32, even with floatx at float64",
    torch="double",
    severity=SLOW_DRIFT,
    hits="comparisons in float64",
    recipe="Keras: pass np.float64(rate)",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L413",
        "torch/optim/lr_scheduler.py:L1313",
    ),
)
class SchedulePrecision:
    rate, updates = 0.1, 10

    def in_keras(rate, updates):
        return rates(keras.optimizers.schedules.PolynomialDecay(rate, updates, 0.0), updates)

    def in_torch(rate, updates):
        return stepped(lr_scheduler.PolynomialLR(sgd(rate), updates), updates)

    def torch_as_keras(rate, updates):
        def rounded(step):
            part = np.float32(1) - np.float32(step) / np.float32(updates)
            return float(np.float32(rate) * part)

        return stepped(lr_scheduler.LambdaLR(sgd(1.0), rounded), updates)

    def keras_as_torch(rate, updates):
        schedule = keras.optimizers.schedules.PolynomialDecay(np.float64(rate), updates, 0.0)
        return rates(schedule, updates)


@difference(
    item="a schedule after 2²⁴ updates",
    keras="the step is cast to float32, which has no 2²⁴ + 1",
    torch="steps are Python integers",
    severity=COSMETIC,
    hits="runs of many millions of updates",
    recipe="Keras: pass np.float64(rate)",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L554",
        "torch/optim/lr_scheduler.py:L464",
    ),
)
class ScheduleManySteps:
    step = 2**24 + 1

    def in_keras(step):
        return float(keras.optimizers.schedules.InverseTimeDecay(1.0, 1, 1.0)(step))

    def in_torch(step):
        optimizer = sgd(1.0)
        optimizer.param_groups[0]["initial_lr"] = 1.0
        return lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + t), step - 1).get_last_lr()[0]

    def torch_as_keras(step):
        return float(1 / (1 + np.float32(step)))

    def keras_as_torch(step):
        return float(keras.optimizers.schedules.InverseTimeDecay(np.float64(1.0), 1, 1.0)(step))


@difference(
    item="exponential decay by 0.9",
    keras="rate · 0.9^(t / decay_steps)",
    torch="rate · 0.9^t",
    severity=SILENT_WRONG,
    hits="schedules stepped at every update",
    recipe="torch: gamma = 0.9^(1 / decay_steps)",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L175",
        "torch/optim/lr_scheduler.py:L1064",
    ),
)
class ExponentialDecay:
    rate, decay_steps, updates = np.float64(0.1), 10, 20

    def in_keras(rate, decay_steps, updates):
        schedule = keras.optimizers.schedules.ExponentialDecay(rate, decay_steps, np.float64(0.9))
        return rates(schedule, updates)

    def in_torch(rate, updates):
        return stepped(lr_scheduler.ExponentialLR(sgd(rate), 0.9), updates)

    def torch_as_keras(rate, decay_steps, updates):
        gamma = float(np.float64(0.9) ** (1 / decay_steps))
        return stepped(lr_scheduler.ExponentialLR(sgd(rate), gamma), updates)

    def keras_as_torch(rate, updates):
        decay = keras.optimizers.schedules.ExponentialDecay(rate, 1, np.float64(0.9))
        return rates(decay, updates)


@difference(
    item="decay in stairs, the factor left out",
    keras="an error: decay_rate has no default",
    torch="StepLR: gamma=0.1",
    severity=CRASH,
    hits="StepLR(optimizer, 30), as of ImageNet recipes",
    recipe="ExponentialDecay(rate, step_size, 0.1, staircase=True)",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L145",
        "torch/optim/lr_scheduler.py:L625",
    ),
    unaligned="torch has no setting that makes it refuse",
)
class Stairs:
    rate, size, updates = np.float64(0.1), 3, 10

    def in_keras(rate, size, updates):
        decay = keras.optimizers.schedules.ExponentialDecay(rate, size, staircase=True)
        return rates(decay, updates)

    def in_torch(rate, size, updates):
        return stepped(lr_scheduler.StepLR(sgd(rate), size), updates)

    def keras_as_torch(rate, size, updates):
        decay = keras.optimizers.schedules.ExponentialDecay(
            rate, size, np.float64(0.1), staircase=True
        )
        return rates(decay, updates)


@difference(
    item="what a schedule counts",
    keras="updates of the optimizer: it moves within an epoch",
    torch="calls of step, by custom one for each epoch",
    severity=SILENT_WRONG,
    hits="every schedule with more than one batch for each epoch",
    recipe="Keras: decay_steps=batches, staircase=True; torch: step after every update",
    sources=(
        "keras/src/optimizers/base_optimizer.py:L781",
        "torch/optim/lr_scheduler.py:L287",
    ),
)
class StepOrEpoch:
    rate, epochs, batches = np.float64(0.1), 3, 4

    def in_keras(rate, epochs, batches):
        decay = keras.optimizers.schedules.ExponentialDecay(rate, batches, np.float64(0.5))
        return rates(decay, epochs * batches)

    def in_torch(rate, epochs, batches):
        by_epoch = stepped(lr_scheduler.ExponentialLR(sgd(rate), 0.5), epochs)
        return np.repeat(by_epoch, batches)

    def torch_as_keras(rate, epochs, batches):
        gamma = 0.5 ** (1 / batches)
        return stepped(lr_scheduler.ExponentialLR(sgd(rate), gamma), epochs * batches)

    def keras_as_torch(rate, epochs, batches):
        decay = keras.optimizers.schedules.ExponentialDecay(
            rate, batches, np.float64(0.5), staircase=True
        )
        return np.array(rates(decay, epochs * batches))


@difference(
    item="decay with the inverse of time, rate 0.5",
    keras="1 / (1 + 0.5 t / decay_steps), with stairs by the whole part of t / decay_steps",
    torch="nothing built in; 1 / (1 + 0.5 t) by LambdaLR, as old optimizers of Keras had it",
    severity=SILENT_WRONG,
    hits="ports of decay= and of InverseTimeDecay",
    recipe="divide t by decay_steps in the lambda",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L559",
        "torch/optim/lr_scheduler.py:L464",
    ),
)
class InverseTimeDecay:
    rate, decay_steps, updates = np.float64(0.1), 10, 20

    def in_keras(rate, decay_steps, updates):
        decay = keras.optimizers.schedules.InverseTimeDecay
        return rates(decay(rate, decay_steps, 0.5), updates), rates(
            decay(rate, decay_steps, 0.5, staircase=True), updates
        )

    def in_torch(rate, updates):
        taken = stepped(lr_scheduler.LambdaLR(sgd(rate), lambda t: 1 / (1 + 0.5 * t)), updates)
        return taken, taken

    def torch_as_keras(rate, decay_steps, updates):
        smooth = lr_scheduler.LambdaLR(sgd(rate), lambda t: 1 / (1 + 0.5 * t / decay_steps))
        stairs = lr_scheduler.LambdaLR(sgd(rate), lambda t: 1 / (1 + 0.5 * (t // decay_steps)))
        return stepped(smooth, updates), stepped(stairs, updates)

    def keras_as_torch(rate, updates):
        taken = rates(keras.optimizers.schedules.InverseTimeDecay(rate, 1, 0.5), updates)
        return taken, taken


@difference(
    item="the update at a boundary of a piecewise constant rate",
    keras="still the old value: it changes after the boundary, step > b",
    torch="MultiStepLR: already the new one",
    severity=SILENT_WRONG,
    hits="every port of either, by one update (or one epoch)",
    recipe="milestones = [b + 1 for b in boundaries]",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L276",
        "torch/optim/lr_scheduler.py:L746",
    ),
)
class PiecewiseBoundary:
    values, boundaries, updates = [1.0, 0.5, 0.25], [3, 6], 9

    def in_keras(values, boundaries, updates):
        decay = keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, values)
        return rates(decay, updates)

    def in_torch(values, boundaries, updates):
        return stepped(lr_scheduler.MultiStepLR(sgd(values[0]), boundaries, 0.5), updates)

    def torch_as_keras(values, boundaries, updates):
        milestones = [boundary + 1 for boundary in boundaries]
        return stepped(lr_scheduler.MultiStepLR(sgd(values[0]), milestones, 0.5), updates)

    def keras_as_torch(values, boundaries, updates):
        earlier = [boundary - 1 for boundary in boundaries]
        decay = keras.optimizers.schedules.PiecewiseConstantDecay(earlier, values)
        return rates(decay, updates)


@difference(
    item="where polynomial decay ends",
    keras="end_learning_rate=0.0001",
    torch="0",
    severity=SILENT_WRONG,
    hits="training that goes on after the last step, or starts at a rate near 0.0001",
    recipe="Keras: end_learning_rate=0; torch: LambdaLR",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L391",
        "torch/optim/lr_scheduler.py:L1331",
    ),
)
class PolynomialEnd:
    rate, updates = np.float64(0.001), 5

    def in_keras(rate, updates):
        return rates(keras.optimizers.schedules.PolynomialDecay(rate, updates), 2 * updates)

    def in_torch(rate, updates):
        return stepped(lr_scheduler.PolynomialLR(sgd(rate), updates), 2 * updates)

    def torch_as_keras(rate, updates):
        end = float(np.float32(0.0001)) / rate  # Keras hands it over as a float32

        def factor(step):
            return (1 - end) * (1 - min(step, updates) / updates) + end

        return stepped(lr_scheduler.LambdaLR(sgd(rate), factor), 2 * updates)

    def keras_as_torch(rate, updates):
        schedule = keras.optimizers.schedules.PolynomialDecay(rate, updates, 0.0)
        return rates(schedule, 2 * updates)


@difference(
    item="length of a polynomial decay, left out",
    keras="an error: decay_steps has no default",
    torch="PolynomialLR: total_iters=5, after which the rate is 0",
    severity=CRASH,
    hits="PolynomialLR(optimizer), which stops learning after five calls of step",
    recipe="pass the number of updates in both",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L390",
        "torch/optim/lr_scheduler.py:L1267",
    ),
    unaligned="torch has no setting that makes it refuse",
)
class PolynomialLength:
    rate, updates = np.float64(0.1), 8

    def in_keras(rate, updates):
        return rates(keras.optimizers.schedules.PolynomialDecay(rate), updates)

    def in_torch(rate, updates):
        return stepped(lr_scheduler.PolynomialLR(sgd(rate)), updates)

    def keras_as_torch(rate, updates):
        return rates(keras.optimizers.schedules.PolynomialDecay(rate, 5, 0.0), updates)


@difference(
    item="polynomial decay after its end, in cycles",
    keras="cycle=True: decay_steps is stretched to the next multiple",
    torch="PolynomialLR stays at its end",
    severity=SILENT_WRONG,
    hits="ports of PolynomialDecay(cycle=True)",
    recipe="torch: LambdaLR",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L425",
        "torch/optim/lr_scheduler.py:L1306",
    ),
)
class PolynomialCycle:
    rate, size, updates = np.float64(0.1), 4, 10

    def in_keras(rate, size, updates):
        decay = keras.optimizers.schedules.PolynomialDecay(rate, size, 0.0, cycle=True)
        return rates(decay, updates)

    def in_torch(rate, size, updates):
        return stepped(lr_scheduler.PolynomialLR(sgd(rate), size), updates)

    def torch_as_keras(rate, size, updates):
        def factor(step):
            return 1 - step / (size * max(1, math.ceil(step / size)))

        return stepped(lr_scheduler.LambdaLR(sgd(rate), factor), updates)

    def keras_as_torch(rate, size, updates):
        return rates(keras.optimizers.schedules.PolynomialDecay(rate, size, 0.0), updates)
