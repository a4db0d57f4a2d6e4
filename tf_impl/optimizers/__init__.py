"""Optimizers: Keras optimizers around updates that are pure functions of their arguments."""

from tf_impl.optimizers.adam import Adam, AdamW
from tf_impl.optimizers.adaptive import Adadelta, AdaGrad, RMSprop
from tf_impl.optimizers.base import Optimizer
from tf_impl.optimizers.descent import SGD, DeltaBarDelta, Momentum, Nesterov
from tf_impl.optimizers.flat import FlatParameters

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
