"""Warm-up: the learning rate rises in a straight line, then stays or follows another schedule.

    t   epochs gone by, 0 at the first update, a floating-point tensor of any shape
    α₀  initial_lr    T  warmup_epochs    s  start_factor: α(0) = α₀ s

Source: Goyal et al. 2017, Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, section 2.2.
"""

import torch

from shared.hyperparameters import number, whole
from torch_impl.schedules.schedule import _Schedule, floating


def linear_warmup(t, initial_lr, warmup_epochs, start_factor=1 / 3):
    """α₀ (s + (1 − s) t/T), and α₀ from T on.

    >>> linear_warmup(torch.tensor([0.0, 2.0, 9.0]), 1.0, 4, start_factor=0.5).tolist()
    [0.5, 0.75, 1.0]
    """
    t = floating("linear_warmup", t)
    # p = min(t, T) / T
    done = torch.clamp(t, max=warmup_epochs) / warmup_epochs
    # α = α₀ (s + (1 − s) p)
    return initial_lr * (start_factor + (1 - start_factor) * done)


class LinearWarmup(_Schedule):
    """Scheduler of linear_warmup, t and warmup_epochs in epochs, or in steps if one is an epoch.

    `after`, another schedule of this half and of the same optimizer, takes over when it is done,
    and starts then from its own step 0; step() is called on the warm-up alone. With start_factor=0
    the first epoch is without effect.

    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    >>> schedule = LinearWarmup(optimizer, warmup_epochs=2, start_factor=0.5)
    >>> [schedule(step)[0] for step in range(4)]
    [0.25, 0.375, 0.5, 0.5]
    """

    def __init__(
        self,
        optimizer,
        warmup_epochs,
        start_factor=1 / 3,
        after=None,
        last_epoch=-1,
        steps_per_epoch=1,
    ):
        self.warmup_epochs = whole("warmup_epochs", warmup_epochs)
        self.start_factor = number("start_factor", start_factor, most=1)
        self.after = after
        if not isinstance(after, _Schedule | None):
            raise TypeError(f"after must be a torch_impl schedule, got {type(after).__name__}")
        if after is not None and after.optimizer is not optimizer:
            raise ValueError("after is a schedule of another optimizer: make it of the same one")
        super().__init__(optimizer, last_epoch, steps_per_epoch)

    def __call__(self, step):
        past = step - self.warmup_epochs * self.steps_per_epoch
        if self.after is None or past < 0:
            return super().__call__(step)
        return self.after(past)

    def rate(self, t, initial_lr):
        return linear_warmup(t, initial_lr, self.warmup_epochs, self.start_factor)

    def state_dict(self):
        return {**super().state_dict(), "after": self.after and self.after.state_dict()}

    def load_state_dict(self, state_dict):
        own = {name: value for name, value in state_dict.items() if name != "after"}
        super().load_state_dict(own)
        if self.after is not None:
            self.after.load_state_dict(state_dict["after"])
