"""Optimizers: torch optimizers around updates that are pure functions of their arguments."""

from torch_impl.optimizers.adam import Adam, AdamW
from torch_impl.optimizers.adaptive import Adadelta, AdaGrad, RMSprop
from torch_impl.optimizers.base import Optimizer
from torch_impl.optimizers.descent import SGD, DeltaBarDelta, Momentum, Nesterov
from torch_impl.optimizers.flat import FlatParameters

__all__ = [
    "SGD",
    "AdaGrad",
    "Adadelta",
    "Adam",
    "AdamW",
    "DeltaBarDelta",
    "FlatParameters",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSprop",
]
