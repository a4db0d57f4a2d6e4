"""The initializers as plain data: classes, draws, bounds, and what each half makes of them."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from parity_tests.parties import HALVES
from parity_tests.training_run import in_keras
from shared.bounds import Evaluated, Exact
from shared.catalogue.initializers import NORMAL, QR, SUM, UNIFORM
from shared.reference import initializers as reference

KERAS, TORCH = HALVES


def channels_first(values):
    """Weights in torch's layout, (out, in, …), from Keras's (…, in, out)."""
    return np.moveaxis(values, (-1, -2), (0, 1)) if np.ndim(values) > 1 else values


def channels_last(values):
    """The reverse of `channels_first`."""
    return np.moveaxis(values, (0, 1), (-1, -2)) if np.ndim(values) > 1 else values


class Row(NamedTuple):
    """An initializer: its class, the kind of its draw, its bound, options that are no defaults."""

    name: str
    layer: str
    kind: str
    bound: object
    options: dict  # in Keras's words and the order of the arguments

    def reference(self, draw):
        return getattr(reference, self.name)(draw, **self.options)

    def weights(self, half, draw):
        """The half's function at a tensor in the half's layout."""
        return getattr(half.families["initializers"], self.name)(draw, *self.options.values())

    def initializer(self, half, seed=3):
        return getattr(half.families["initializers"], self.layer)(*self.options.values(), seed=seed)

    def made(self, half, shape, dtype="float64", seed=3):
        """What the half's class makes of a seed; shapes in Keras's layout."""
        if in_keras(half):
            return self.initializer(half, seed)(shape, dtype).numpy()
        parameter = nn.Parameter(torch.tensor(channels_first(np.full(shape, np.nan, dtype))))
        assert self.initializer(half, seed)(parameter) is parameter
        return channels_last(parameter.detach().numpy())

    def size(self, draw, dtype):
        """The bound at a draw, for a party of this precision against the float64 reference."""
        at = Evaluated(self.reference, (draw,), self.reference(draw), self.options)
        return self.bound.size(at, dtype) + self.bound.size(at, "float64")


ROWS = (
    Row("zeros", "Zeros", "uniform", Exact(), {}),
    Row("random_normal", "RandomNormal", "normal", SUM, {"mean": 0.5, "stddev": 0.3}),
    Row("glorot_uniform", "GlorotUniform", "uniform", UNIFORM, {}),
    Row("glorot_normal", "GlorotNormal", "normal", NORMAL, {}),
    Row("he_uniform", "HeUniform", "uniform", UNIFORM, {}),
    Row("he_normal", "HeNormal", "normal", NORMAL, {}),
    Row("lecun_normal", "LecunNormal", "normal", NORMAL, {}),
    Row("orthogonal", "Orthogonal", "normal", QR, {"gain": 1.5}),
)
BY_NAME = {row.name: row for row in ROWS}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def computed(half, rows, draws, mode="eager"):
    """What the half's functions make of draws, captured together; both in Keras's layout."""
    forth, back = (np.asarray,) * 2 if in_keras(half) else (channels_first, channels_last)

    def everything(tensors):
        return [row.weights(half, z) for row, z in zip(rows, tensors, strict=True)]

    tensors = [half.framework.tensor(forth(z)) for z in draws]
    found = half.framework.compiled(everything, mode)(tensors)
    return [back(half.framework.array(W)) for W in found]
