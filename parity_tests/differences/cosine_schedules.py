"""Cosine schedules: their floor, what comes after their end, warm-up, restarts, one cycle."""

import math

import keras
import numpy as np
import torch
from torch.optim import lr_scheduler

from parity_tests.differences.entry import (
    CRASH,
    NONE,
    SCHEDULE,
    SILENT_WRONG,
    difference,
)
from parity_tests.differences.schedules import rates, sgd, stepped

TITLE = "Schedules: cosines"
STAGE = SCHEDULE


@difference(
    item="cosine decay after its end",
    keras="stays at its last value",
    torch="CosineAnnealingLR climbs back to the rate it came from",
    severity=SILENT_WRONG,
    hits="training longer than T_max",
    recipe="torch: LambdaLR with min(t, T); Keras: a schedule of one's own, without the minimum",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L723",
        "torch/optim/lr_scheduler.py:L1440",
    ),
)
class CosineAfterEnd:
    rate, size, updates = np.float64(0.1), 5, 10

    def in_keras(rate, size, updates):
        return rates(keras.optimizers.schedules.CosineDecay(rate, size), updates)

    def in_torch(rate, size, updates):
        return stepped(lr_scheduler.CosineAnnealingLR(sgd(rate), size), updates)

    def torch_as_keras(rate, size, updates):
        def factor(step):
            return (1 + math.cos(math.pi * min(step, size) / size)) / 2

        return stepped(lr_scheduler.LambdaLR(sgd(rate), factor), updates)

    def keras_as_torch(rate, size, updates):
        def cosine(step):
            return rate * (1 + math.cos(math.pi * step / size)) / 2

        return rates(cosine, updates)


@difference(
    item="cosine decay up to its end",
    keras="from the formula",
    torch="from the rate before; rounding adds up in the last digits",
    severity=NONE,
    hits="nobody",
    recipe="nothing to do",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L699",
        "torch/optim/lr_scheduler.py:L1449",
    ),
)
class CosineWithin:
    rate, size = np.float64(0.1), 20

    def in_keras(rate, size):
        return np.array(rates(keras.optimizers.schedules.CosineDecay(rate, size), size))

    def in_torch(rate, size):
        return np.array(stepped(lr_scheduler.CosineAnnealingLR(sgd(rate), size), size))


@difference(
    item="lowest rate of cosine decay, 0.05 given",
    keras="alpha is a fraction of the first rate",
    torch="eta_min is a rate",
    severity=SILENT_WRONG,
    hits="ports that hand over the number",
    recipe="eta_min = alpha · rate",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L702",
        "torch/optim/lr_scheduler.py:L1432",
    ),
)
class CosineFloor:
    rate, floor, size = np.float64(0.1), 0.05, 10

    def in_keras(rate, floor, size):
        return np.array(rates(keras.optimizers.schedules.CosineDecay(rate, size, floor), size))

    def in_torch(rate, floor, size):
        return np.array(stepped(lr_scheduler.CosineAnnealingLR(sgd(rate), size, floor), size))

    def torch_as_keras(rate, floor, size):
        scheduler = lr_scheduler.CosineAnnealingLR(sgd(rate), size, float(floor * rate))
        return np.array(stepped(scheduler, size))

    def keras_as_torch(rate, floor, size):
        decay = keras.optimizers.schedules.CosineDecay(rate, size, float(floor / rate))
        return np.array(rates(decay, size))


@difference(
    item="warm-up from a rate of zero",
    keras="CosineDecay(0.0, …, warmup_target=) starts at 0",
    torch="an error: LinearLR asks for start_factor > 0",
    severity=CRASH,
    hits="transformer recipes with a linear warm-up",
    recipe="torch: LambdaLR",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L711",
        "torch/optim/lr_scheduler.py:L921",
    ),
    unaligned="Keras has no setting that makes it refuse",
)
class WarmupFromZero:
    rate, warmup, size = np.float64(0.1), 4, 6

    def in_keras(rate, warmup, size):
        schedule = keras.optimizers.schedules.CosineDecay(
            np.float64(0.0), size, warmup_target=rate, warmup_steps=warmup
        )
        return np.array(rates(schedule, warmup + size))

    def in_torch(rate, warmup, size):
        optimizer = sgd(rate)
        climb = lr_scheduler.LinearLR(optimizer, start_factor=0.0, total_iters=warmup)
        decay = lr_scheduler.CosineAnnealingLR(optimizer, size)
        sequence = lr_scheduler.SequentialLR(optimizer, [climb, decay], [warmup])
        return np.array(stepped(sequence, warmup + size))

    def torch_as_keras(rate, warmup, size):
        def factor(step):
            decayed = (1 + math.cos(math.pi * min(step - warmup, size) / size)) / 2
            return step / warmup if step < warmup else decayed

        return np.array(stepped(lr_scheduler.LambdaLR(sgd(rate), factor), warmup + size))


@difference(
    item="where a linear warm-up starts, arguments left out",
    keras="initial_learning_rate, here 0",
    torch="LinearLR: at start_factor=1/3 of the rate, over total_iters=5",
    severity=SILENT_WRONG,
    hits="transformers: the first updates are taken at a third of the peak",
    recipe="torch: LambdaLR of t/T; Keras: initial_learning_rate = warmup_target / 3",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L711",
        "torch/optim/lr_scheduler.py:L916",
    ),
)
class WarmupStart:
    rate, warmup = np.float64(0.1), 5

    def in_keras(rate, warmup):
        schedule = keras.optimizers.schedules.CosineDecay(
            np.float64(0.0), 10, warmup_target=rate, warmup_steps=warmup
        )
        return np.array(rates(schedule, warmup))

    def in_torch(rate, warmup):
        return np.array(stepped(lr_scheduler.LinearLR(sgd(rate)), warmup))

    def torch_as_keras(rate, warmup):
        return np.array(stepped(lr_scheduler.LambdaLR(sgd(rate), lambda t: t / warmup), warmup))

    def keras_as_torch(rate, warmup):
        schedule = keras.optimizers.schedules.CosineDecay(
            rate / 3, 10, warmup_target=rate, warmup_steps=warmup
        )
        return np.array(rates(schedule, warmup))


@difference(
    item="warm-up steps given, nothing else",
    keras="no warm-up: without warmup_target, warmup_steps is ignored; no error",
    torch="SequentialLR warms up to the optimizer's rate",
    severity=SILENT_WRONG,
    hits="cosine schedules with warm-up",
    recipe="Keras: initial_learning_rate is where warm-up starts, warmup_target where it ends",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L722",
        "torch/optim/lr_scheduler.py:L1119",
    ),
)
class WarmupIgnored:
    rate, warmup, size = np.float64(0.1), 4, 6

    def in_keras(rate, warmup, size):
        decay = keras.optimizers.schedules.CosineDecay(rate, size, warmup_steps=warmup)
        return np.array(rates(decay, size))

    def in_torch(rate, warmup, size):
        optimizer = sgd(rate)
        climb = lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=warmup)
        decay = lr_scheduler.CosineAnnealingLR(optimizer, size)
        sequence = lr_scheduler.SequentialLR(optimizer, [climb, decay], [warmup])
        return np.array(stepped(sequence, size))

    def torch_as_keras(rate, size):
        return np.array(stepped(lr_scheduler.CosineAnnealingLR(sgd(rate), size), size))

    def keras_as_torch(rate, warmup, size):
        schedule = keras.optimizers.schedules.CosineDecay(
            rate / 4, size, warmup_target=rate, warmup_steps=warmup
        )
        return np.array(rates(schedule, size))


@difference(
    item="cosine decay with restarts, arguments left out",
    keras="t_mul=2: every period is twice as long",
    torch="T_mult=1: all are alike",
    severity=SILENT_WRONG,
    hits="warm restarts",
    recipe="pass t_mul and T_mult",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L825",
        "torch/optim/lr_scheduler.py:L2150",
    ),
)
class RestartPeriod:
    rate, size, updates = np.float64(0.1), 3, 12

    def in_keras(rate, size, updates):
        decay = keras.optimizers.schedules.CosineDecayRestarts(rate, size)
        return np.array(rates(decay, updates))

    def in_torch(rate, size, updates):
        scheduler = lr_scheduler.CosineAnnealingWarmRestarts(sgd(rate), size)
        return np.array(stepped(scheduler, updates))

    def torch_as_keras(rate, size, updates):
        scheduler = lr_scheduler.CosineAnnealingWarmRestarts(sgd(rate), size, T_mult=2)
        return np.array(stepped(scheduler, updates))

    def keras_as_torch(rate, size, updates):
        decay = keras.optimizers.schedules.CosineDecayRestarts(rate, size, t_mul=1.0)
        return np.array(rates(decay, updates))


@difference(
    item="the peak after each restart",
    keras="m_mul shrinks it",
    torch="the first rate, always",
    severity=SILENT_WRONG,
    hits="ports of CosineDecayRestarts(m_mul=…)",
    recipe="torch: LambdaLR",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L893",
        "torch/optim/lr_scheduler.py:L2202",
    ),
)
class RestartPeak:
    rate, size, updates = np.float64(0.1), 4, 12

    def in_keras(rate, size, updates):
        decay = keras.optimizers.schedules.CosineDecayRestarts(rate, size, t_mul=1.0, m_mul=0.5)
        return np.array(rates(decay, updates))

    def in_torch(rate, size, updates):
        scheduler = lr_scheduler.CosineAnnealingWarmRestarts(sgd(rate), size)
        return np.array(stepped(scheduler, updates))

    def torch_as_keras(rate, size, updates):
        def factor(step):
            restarts, since = divmod(step, size)
            return 0.5**restarts * (1 + math.cos(math.pi * since / size)) / 2

        return np.array(stepped(lr_scheduler.LambdaLR(sgd(rate), factor), updates))

    def keras_as_torch(rate, size, updates):
        decay = keras.optimizers.schedules.CosineDecayRestarts(rate, size, t_mul=1.0)
        return np.array(rates(decay, updates))


@difference(
    item="periods between restarts that grow by half",
    keras="t_mul may be 1.5",
    torch="an error: T_mult is an integer",
    severity=CRASH,
    hits="warm restarts",
    recipe="torch: LambdaLR with Keras' formula",
    sources=(
        "keras/src/optimizers/schedules/learning_rate_schedule.py:L853",
        "torch/optim/lr_scheduler.py:L2156",
    ),
    unaligned="Keras has no setting that makes it refuse",
)
class RestartGrowth:
    rate, size, updates = np.float64(0.1), 4, 9

    def in_keras(rate, size, updates):
        decay = keras.optimizers.schedules.CosineDecayRestarts(rate, size, t_mul=1.5)
        return np.array(rates(decay, updates))

    def in_torch(rate, size, updates):
        scheduler = lr_scheduler.CosineAnnealingWarmRestarts(sgd(rate), size, T_mult=1.5)
        return np.array(stepped(scheduler, updates))

    def torch_as_keras(rate, size, updates):
        def factor(step):
            period, start = size, 0
            while step >= start + period:
                start, period = start + period, 1.5 * period
            return (1 + math.cos(math.pi * (step - start) / period)) / 2

        return np.array(stepped(lr_scheduler.LambdaLR(sgd(rate), factor), updates))


@difference(
    item="one cycle: up by a cosine, and down to nearly nothing",
    keras="is not there",
    torch="OneCycleLR: from a 25th of the peak, over three tenths of the updates",
    severity=CRASH,
    hits="image classifiers trained in few epochs",
    recipe="Keras: the formula below in a LearningRateSchedule; torch cycles the momentum as well",
    sources=("keras/src/optimizers/schedules/__init__.py:L1", "torch/optim/lr_scheduler.py:L2285"),
    unaligned="torch need not go without",
)
class OneCycle:
    peak, updates = 0.5, 10

    def in_keras(peak, updates):
        return rates(keras.optimizers.schedules.OneCycle(peak, updates), updates)

    def in_torch(peak, updates):
        options = {"max_lr": peak, "total_steps": updates, "cycle_momentum": False}
        return stepped(lr_scheduler.OneCycleLR(sgd(peak), **options), updates - 1)

    def keras_as_torch(peak, updates):
        def between(start, end, share):
            return end + (start - end) / 2 * (1 + math.cos(math.pi * share))

        def one_cycle(step):
            start, top, last = peak / 25, 0.3 * updates - 1, updates - 1
            if step <= top:
                return between(start, peak, step / top)
            return between(peak, start / 1e4, (step - top) / (last - top))

        return rates(one_cycle, updates - 1)


def momenta(momentum, updates, **options):
    """What each update takes, of SGD under OneCycleLR."""
    optimizer = torch.optim.SGD([torch.zeros(1)], 0.5, momentum)
    scheduler, taken = lr_scheduler.OneCycleLR(optimizer, 0.5, updates, **options), []
    for _ in range(updates - 1):
        taken.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        scheduler.step()
    return taken


@difference(
    item="momentum beside a rate that goes through one cycle",
    keras="a schedule has the learning rate alone: momentum stays as it is",
    torch="OneCycleLR and CyclicLR: cycle_momentum=True, so that it falls as the rate rises",
    severity=SILENT_WRONG,
    hits="a cycle whose rates were taken over; with Adam it is β₁ that changes",
    recipe="torch: cycle_momentum=False; Keras: set optimizer.momentum at each update",
    sources=("keras/src/optimizers/sgd.py:L61", "torch/optim/lr_scheduler.py:L2398"),
)
class OneCycleMomentum:
    momentum, updates = 0.95, 10

    def in_keras(momentum, updates):
        optimizer = keras.optimizers.SGD(0.5, momentum)
        return [optimizer.momentum for _ in range(updates - 1)]

    def in_torch(momentum, updates):
        return momenta(momentum, updates)

    def torch_as_keras(momentum, updates):
        return momenta(momentum, updates, cycle_momentum=False)

    def keras_as_torch(momentum, updates):
        optimizer, taken = keras.optimizers.SGD(0.5, momentum), []
        least, top, last = 0.85, 0.3 * updates - 1, updates - 1
        for step in range(last):
            share = step / top if step <= top else 1 - (step - top) / (last - top)
            fall = (momentum - least) / 2 * (1 - math.cos(math.pi * share))
            optimizer.momentum = momentum - fall
            taken.append(optimizer.momentum)
        return taken
