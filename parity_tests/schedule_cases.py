"""The schedules as plain data: the arguments they are tested with, and what rounding may cost."""

from functools import partial
from importlib import import_module
from inspect import signature
from typing import NamedTuple

import numpy as np
import torch

from shared.bounds import Evaluated, OfOptions, Ulps
from shared.reference import schedules as reference

INITIAL = 0.1  # the notes' first rate


class Row(NamedTuple):
    """A schedule: its function, its class, and their arguments after t and the first rate.

    Whole numbers are counts, which no precision rounds; other numbers are read and so rounded.
    """

    name: str
    layer: str
    arguments: tuple

    def reference(self, t, initial=INITIAL):
        first = () if self.name == "manual" else (initial,)
        return getattr(reference, self.name)(np.asarray(t), *first, *self.arguments)

    def bound(self, t, dtype, initial=INITIAL):
        """How far a party of this precision may be from the reference in float64."""
        if self.name == "manual":  # it selects rates, each of them read once
            return Ulps(1).size(Evaluated(None, (), self.reference(t)), dtype)
        function = getattr(reference, self.name)
        names = list(signature(function).parameters)[1:]
        options = dict(zip(names, (initial, *self.arguments), strict=False))
        values = self.reference(t, initial)
        at = Evaluated(partial(function, **options), (np.asarray(t),), values, options)
        return OfOptions().size(at, dtype) + OfOptions().size(at, "float64")

    def function(self, half):
        """The half's function of a tensor t."""
        function = getattr(module(half), self.name)
        first = () if self.name == "manual" else (INITIAL,)
        return lambda t: function(t, *first, *self.arguments)

    def keras(self, **more):
        """The Keras schedule."""
        first = () if self.name == "manual" else (INITIAL,)
        return getattr(import_module("tf_impl.schedules"), self.layer)(
            *first, *self.arguments, **more
        )

    def torch(self, optimizer, **more):
        """The torch scheduler."""
        schedules = import_module("torch_impl.schedules")
        return getattr(schedules, self.layer)(optimizer, *self.arguments, **more)


ROWS = (
    Row("exponential_decay", "ExponentialDecay", (0.01,)),
    Row("inverse_decay", "InverseDecay", (0.01,)),
    Row("step_decay", "StepDecay", (0.3, 5)),
    Row("polynomial_decay", "PolynomialDecay", (12, 1.7, 0.2)),
    Row("cosine_decay", "CosineDecay", (12, 0.05)),
    Row("linear_warmup", "LinearWarmup", (8, 0.2)),
    Row("manual", "ManualSchedule", ({0: 0.1, 3: 0.03, 9: 0.3},)),
)


def module(half):
    """The half's schedules."""
    return import_module(f"{half.framework.__name__.split('.')[0]}.schedules")


def optimizer(*rates, kind=float):
    """A torch SGD with a parameter of 0 for each rate, all in groups of their own."""
    groups = [{"params": [torch.zeros(1, dtype=torch.float64)], "lr": kind(r)} for r in rates]
    return torch.optim.SGD(groups)


def rates(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def run(scheduler, steps):
    """The rates of all groups that the updates 0, 1, … use, the scheduler stepped after each."""
    used = []
    for _ in range(steps):
        used.append(rates(scheduler.optimizer))
        scheduler.optimizer.step()
        scheduler.step()
    return np.array(used)
