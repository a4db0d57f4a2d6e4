"""Decays: the learning rate as a formula of the epoch, and torch's scheduler of it.

    t   epochs gone by, 0 at the first update, a floating-point tensor of any shape (else TypeError)
    α₀  initial_lr    k  decay_rate    T  decay_epochs    e  end_factor: α(T) = α₀ e

The rate α has the shape and dtype of t. From T on it stays at α₀ e.

Source: the course notes (exponential, inverse, step); Loshchilov & Hutter 2017, SGDR (cosine).
"""

import math

import torch

from shared.hyperparameters import number, whole
from torch_impl.schedules.schedule import _Schedule, floating


def exponential_decay(t, initial_lr, decay_rate):
    """α₀ exp(−k t).

    >>> exponential_decay(torch.tensor([0.0, 10.0]).double(), 0.1, 0.01).round(decimals=7)
    tensor([0.1000, 0.0905], dtype=torch.float64)
    """
    t = floating("exponential_decay", t)
    # α = α₀ exp(−k t)
    return initial_lr * torch.exp(-decay_rate * t)


def inverse_decay(t, initial_lr, decay_rate):
    """α₀ / (1 + k t).

    >>> inverse_decay(torch.tensor([0.0, 10.0]).double(), 0.1, 0.01).round(decimals=7)
    tensor([0.1000, 0.0909], dtype=torch.float64)
    """
    t = floating("inverse_decay", t)
    # α = α₀ / (1 + k t)
    return initial_lr / (1 + decay_rate * t)


def step_decay(t, initial_lr, factor, every):
    """α₀ factor^⌊t / every⌋.

    >>> step_decay(torch.tensor([4.0, 5.0, 10.0]), 1.0, factor=0.5, every=5).tolist()
    [1.0, 0.5, 0.25]
    """
    t = floating("step_decay", t)
    # α = α₀ factor^⌊t / every⌋
    return initial_lr * factor ** torch.floor(t / every)


def polynomial_decay(t, initial_lr, decay_epochs, power=1.0, end_factor=0.0):
    """α₀ (e + (1 − e) (1 − t/T)^power).

    >>> polynomial_decay(torch.tensor([0.0, 3.0, 5.0]), 1.0, 4, power=2.0).tolist()
    [1.0, 0.0625, 0.0]
    """
    left = _left(floating("polynomial_decay", t), decay_epochs)
    # α = α₀ (e + (1 − e) s^power)
    return initial_lr * (end_factor + (1 - end_factor) * left**power)


def cosine_decay(t, initial_lr, decay_epochs, end_factor=0.0):
    """α₀ (e + (1 − e) (1 + cos(π t/T)) / 2).

    Computed by sin²(π (1 − t/T) / 2), which is the same and does not cancel near T.

    >>> cosine_decay(torch.tensor([0.0, 8.0]), 1.0, 4, end_factor=0.25).tolist()
    [1.0, 0.25]
    """
    left = _left(floating("cosine_decay", t), decay_epochs)
    # α = α₀ (e + (1 − e) sin²(π s / 2))
    wave = torch.sin(math.pi / 2 * left) ** 2
    return initial_lr * (end_factor + (1 - end_factor) * wave)


def _left(t, decay_epochs):
    # T − t before the division: where t is nearly T, 1 − t/T has lost its digits
    # s = (T − min(t, T)) / T
    return (decay_epochs - torch.clamp(t, max=decay_epochs)) / decay_epochs


class ExponentialDecay(_Schedule):
    """Scheduler of exponential_decay: α₀ exp(−k t), t in epochs, or in steps if one is an epoch.

    torch.optim.lr_scheduler.ExponentialLR has α₀ gamma^t: here k = −ln(gamma).

    >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    >>> schedule = ExponentialDecay(optimizer, decay_rate=0.01, steps_per_epoch=3)
    >>> [round(schedule(step)[0], 7) for step in (0, 2, 3, 30)]
    [0.1, 0.1, 0.099005, 0.0904837]
    """

    def __init__(self, optimizer, decay_rate, last_epoch=-1, steps_per_epoch=1):
        self.decay_rate = number("decay_rate", decay_rate)
        super().__init__(optimizer, last_epoch, steps_per_epoch)

    def rate(self, t, initial_lr):
        return exponential_decay(t, initial_lr, self.decay_rate)


class InverseDecay(_Schedule):
    """Scheduler of inverse_decay: α₀ / (1 + k t), t in epochs, or in steps if one is an epoch.

    torch has none of its own; torch.optim.lr_scheduler.LambdaLR takes the formula.
    """

    def __init__(self, optimizer, decay_rate, last_epoch=-1, steps_per_epoch=1):
        self.decay_rate = number("decay_rate", decay_rate)
        super().__init__(optimizer, last_epoch, steps_per_epoch)

    def rate(self, t, initial_lr):
        return inverse_decay(t, initial_lr, self.decay_rate)


class StepDecay(_Schedule):
    """Scheduler of step_decay: × factor every so many epochs, or steps if one is an epoch.

    It is torch.optim.lr_scheduler.StepLR, which calls them gamma and step_size.
    """

    def __init__(self, optimizer, factor, every, last_epoch=-1, steps_per_epoch=1):
        self.factor = number("factor", factor)
        self.every = whole("every", every)
        super().__init__(optimizer, last_epoch, steps_per_epoch)

    def rate(self, t, initial_lr):
        return step_decay(t, initial_lr, self.factor, self.every)


class PolynomialDecay(_Schedule):
    """Scheduler of polynomial_decay, t and decay_epochs in epochs, or in steps if one is an epoch.

    torch.optim.lr_scheduler.PolynomialLR calls decay_epochs total_iters, 5 unless said, and always
    ends at 0.
    """

    def __init__(
        self, optimizer, decay_epochs, power=1.0, end_factor=0.0, last_epoch=-1, steps_per_epoch=1
    ):
        self.decay_epochs = whole("decay_epochs", decay_epochs)
        self.power = number("power", power)
        self.end_factor = number("end_factor", end_factor, most=1)
        super().__init__(optimizer, last_epoch, steps_per_epoch)

    def rate(self, t, initial_lr):
        return polynomial_decay(t, initial_lr, self.decay_epochs, self.power, self.end_factor)


class CosineDecay(_Schedule):
    """Scheduler of cosine_decay, t and decay_epochs in epochs, or in steps if one is an epoch.

    torch.optim.lr_scheduler.CosineAnnealingLR calls decay_epochs T_max, is given the last rate
    itself, α₀ e, as eta_min, and climbs back to α₀ after T, where this one stays.
    """

    def __init__(self, optimizer, decay_epochs, end_factor=0.0, last_epoch=-1, steps_per_epoch=1):
        self.decay_epochs = whole("decay_epochs", decay_epochs)
        self.end_factor = number("end_factor", end_factor, most=1)
        super().__init__(optimizer, last_epoch, steps_per_epoch)

    def rate(self, t, initial_lr):
        return cosine_decay(t, initial_lr, self.decay_epochs, self.end_factor)
