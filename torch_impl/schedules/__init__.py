"""Schedules: learning rates as pure functions of the epoch, and torch's schedulers of them."""

from torch_impl.schedules.decay import (
    CosineDecay,
    ExponentialDecay,
    InverseDecay,
    PolynomialDecay,
    StepDecay,
    cosine_decay,
    exponential_decay,
    inverse_decay,
    polynomial_decay,
    step_decay,
)
from torch_impl.schedules.manual import ManualSchedule, manual
from torch_impl.schedules.plateau import PlateauDecay, PlateauState, plateau_decay
from torch_impl.schedules.warmup import LinearWarmup, linear_warmup

__all__ = [
    "CosineDecay",
    "ExponentialDecay",
    "InverseDecay",
    "LinearWarmup",
    "ManualSchedule",
    "PlateauDecay",
    "PlateauState",
    "PolynomialDecay",
    "StepDecay",
    "cosine_decay",
    "exponential_decay",
    "inverse_decay",
    "linear_warmup",
    "manual",
    "plateau_decay",
    "polynomial_decay",
    "step_decay",
]
