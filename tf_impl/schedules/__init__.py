"""Schedules: learning rates as pure functions of the epoch, and Keras's schedules of them."""

from tf_impl.schedules.decay import (
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
from tf_impl.schedules.manual import ManualSchedule, manual
from tf_impl.schedules.plateau import PlateauDecay, PlateauState, plateau_decay
from tf_impl.schedules.warmup import LinearWarmup, linear_warmup

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
