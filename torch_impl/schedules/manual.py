"""A schedule set by hand: the rate of each epoch is read from a table or given by a function.

    t      epochs gone by, 0 at the first update, a floating-point tensor of any shape
    table  {epoch: rate}, each rate holding from its epoch until the next one in the table

Source: the course notes (manual adjustment).
"""

import torch

from shared.hyperparameters import number, whole
from torch_impl.schedules.schedule import _Schedule, floating


def manual(t, table):
    """table[e], with e the last epoch of the table that is at most t.

    >>> manual(torch.tensor([0.0, 4.0, 5.0, 9.0]), {0: 0.5, 5: 0.25}).tolist()
    [0.5, 0.5, 0.25, 0.25]
    """
    t = floating("manual", t)
    # α = table[0]
    rate = torch.full_like(t, table[0])
    for epoch in sorted(table):
        # α = table[e] where t ≥ e
        rate = torch.where(t >= epoch, table[epoch], rate)
    return rate


def checked(table):
    """The table as {int: float}; ValueError unless it has an epoch 0 and no rate below 0."""
    table = {whole("an epoch", e, 0): number(f"the rate of epoch {e}", r) for e, r in table.items()}
    if 0 not in table:
        raise ValueError(
            f"the table has rates from epoch {min(table, default=None)} on, and none for the "
            f"epochs before: add the rate of epoch 0"
        )
    return table


class ManualSchedule(_Schedule):
    """Scheduler of manual: a table {epoch: rate}, or a callable that is given t and returns a rate.

    Epochs are steps if steps_per_epoch is 1. torch.optim.lr_scheduler.MultiStepLR multiplies at
    each milestone; here the table states the rate itself, which is that of every parameter group.

    A callable is given a float64 tensor of one number; what it returns is not checked. As in
    torch.optim.lr_scheduler.LambdaLR it is no part of state_dict, and has to be given anew.

    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    >>> schedule = ManualSchedule(optimizer, {0: 0.1, 5: 0.01})
    >>> [schedule(epoch)[0] for epoch in (4, 5)]
    [0.1, 0.01]
    """

    def __init__(self, optimizer, table, last_epoch=-1, steps_per_epoch=1):
        self.table = table if callable(table) else checked(dict(table))
        super().__init__(optimizer, last_epoch, steps_per_epoch)

    def rate(self, t, initial_lr):
        return self.table(t) if callable(self.table) else manual(t, self.table)

    def state_dict(self):
        state = super().state_dict()
        return {n: v for n, v in state.items() if not (n == "table" and callable(v))}
