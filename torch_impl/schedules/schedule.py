"""What all schedules share: the epoch that a step belongs to, and checks of what they are given."""

import torch
from torch.optim.lr_scheduler import LRScheduler

from shared.hyperparameters import whole


class _Schedule(LRScheduler):
    """A learning rate for each step, by a formula of t = ⌊step / steps_per_epoch⌋, its epoch.

    A step is one call of step(). Called after each epoch with steps_per_epoch=1, the schedule
    counts epochs; called after each update, it counts updates, or epochs of so many of them.

    The rates follow from the step and from each group's initial_lr alone, not from the rate before,
    as those of torch's own mostly do. So a resumed run takes up where it was, and schedule(step),
    the rates of all groups at any step, changes nothing. In a ChainedScheduler the last one counts.
    """

    def __init__(self, optimizer, last_epoch, steps_per_epoch):
        self.steps_per_epoch = whole("steps_per_epoch", steps_per_epoch)
        super().__init__(optimizer, last_epoch)

    def __call__(self, step):
        # t = ⌊step / steps_per_epoch⌋
        t = torch.tensor(step // self.steps_per_epoch, dtype=torch.float64)
        return [float(self.rate(t, float(initial_lr))) for initial_lr in self.base_lrs]

    def get_lr(self):
        return self(self.last_epoch)


def floating(function, t):
    """t, which must be a floating-point tensor: the rate takes its dtype."""
    if not (isinstance(t, torch.Tensor) and t.dtype.is_floating_point):
        given = str(t.dtype)[6:] if isinstance(t, torch.Tensor) else type(t).__name__
        raise TypeError(
            f"{function} needs t as a floating-point tensor, got {given}: "
            f"pass torch.tensor(t, dtype=torch.float64)"
        )
    return t
