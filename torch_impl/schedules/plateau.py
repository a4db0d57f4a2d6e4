"""Reduction on a plateau: the rate falls when the validation loss has stopped improving.

    metric     the loss of an epoch          patience   epochs in a row without improvement
    best       the last improvement's metric, ∞ at first          min_delta, cooldown, min_lr

An epoch improves if metric < best − min_delta; NaN never does. Exactly `patience` epochs in a row
without improvement reduce the rate, after which `cooldown` epochs are not counted.

Source: the course notes (monitoring validation loss).
"""

from typing import NamedTuple

import torch
from torch.optim.lr_scheduler import LRScheduler

from shared.hyperparameters import number, whole


class PlateauState(NamedTuple):
    """What is remembered from epoch to epoch."""

    best: float = float("inf")
    waited: int = 0  # epochs counted without improvement
    resting: int = 0  # epochs yet to pass uncounted


def plateau_decay(state, metric, patience=3, min_delta=0.0, cooldown=0):
    """(state after an epoch with this metric, whether the rate is to be reduced).

    >>> state, reductions = PlateauState(), []
    >>> for metric in (5.0, 4.0, 4.0, 6.0, 4.0):
    ...     state, reduce = plateau_decay(state, metric)
    ...     reductions.append(reduce)
    >>> reductions
    [False, False, False, False, True]
    """
    best, waited, resting = state
    improved = metric < best - min_delta
    if improved:
        best = metric
    # a resting epoch is not counted, but its improvement is kept
    waited = 0 if improved or resting else waited + 1
    resting = max(0, resting - 1)
    if waited < patience:
        return PlateauState(best, waited, resting), False
    return PlateauState(best, 0, cooldown), True


def reduced(rate, factor, min_lr=0.0):
    """rate · factor, but not below min_lr; a rate that is below it already stays.

    >>> reduced(0.5, 0.5), reduced(0.5, 0.5, min_lr=0.375), reduced(0.25, 0.5, min_lr=0.375)
    (0.25, 0.375, 0.25)
    """
    # α ← min(α, max(α factor, min_lr))
    return min(rate, max(rate * factor, min_lr))


class PlateauDecay(LRScheduler):
    """Scheduler of plateau_decay: × factor after `patience` epochs in a row without improvement.

    torch.optim.lr_scheduler.ReduceLROnPlateau waits one epoch longer than its patience, asks for an
    improvement of 1e-4 of the best metric unless told, and skips reductions of less than 1e-8.

    Call step(metric) once after each epoch. Each group's rate is multiplied where it stands. The
    state is part of state_dict, and rates are part of the optimizer's.

    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    >>> schedule = PlateauDecay(optimizer, factor=0.5, patience=2)
    >>> for loss in (4.0, 4.0, 4.0):
    ...     schedule.step(loss)
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer, factor=0.1, patience=3, min_delta=0.0, cooldown=0, min_lr=0.0):
        self.factor = number("factor", factor, most=1)
        self.patience = whole("patience", patience)
        self.min_delta = number("min_delta", min_delta)
        self.cooldown = whole("cooldown", cooldown, least=0)
        self.min_lr = number("min_lr", min_lr)
        self.state = PlateauState()
        super().__init__(optimizer)

    def _initial_step(self):
        # the base would take a first step here, for which there is no metric yet
        self.last_epoch = 0
        self._last_lr = [float(group["lr"]) for group in self.optimizer.param_groups]

    def step(self, metric):
        """Count an epoch with this metric, and reduce the optimizer's rates if it is time."""
        options = self.patience, self.min_delta, self.cooldown
        self.state, reduce = plateau_decay(self.state, float(metric), *options)
        self.last_epoch += 1
        if reduce:
            for group in self.optimizer.param_groups:
                _set_rate(group, reduced(float(group["lr"]), self.factor, self.min_lr))
        self._last_lr = [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self):
        """The state as plain numbers, with the options."""
        return {**super().state_dict(), "state": self.state._asdict()}

    def load_state_dict(self, state_dict):
        """Go on from a state."""
        super().load_state_dict(state_dict)
        self.state = PlateauState(**state_dict["state"])


def _set_rate(group, rate):
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)  # in place: a captured update reads this very tensor
    else:
        group["lr"] = rate
