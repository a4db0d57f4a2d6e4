"""The initializers beside the frameworks' own: the same of a draw, and Keras's defaults."""

import math
from functools import partial

import keras
import numpy as np
import pytest
import torch
from torch import nn

from parity_tests.initializer_cases import (
    BY_NAME,
    KERAS,
    TORCH,
    channels_first,
    channels_last,
    computed,
    every_row,
)
from shared.catalogue.initializers import UNIFORM
from shared.comparison import compare, gamma
from shared.weights import standard_draw

DEFAULTS = {"random_normal": {"mean": 0.0, "stddev": 0.05}, "orthogonal": {"gain": 1.0}}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_those_of_keras(half, name):
    silent, said = (BY_NAME[name]._replace(options=options) for options in ({}, DEFAULTS[name]))
    z = standard_draw("normal", (3, 5), seed=1)
    np.testing.assert_array_equal(*computed(half, [silent, said], [z, z]))
    np.testing.assert_array_equal(silent.made(half, (3, 5)), said.made(half, (3, 5)))
    np.testing.assert_array_equal(silent.reference(z), said.reference(z))
    theirs = getattr(keras.initializers, silent.layer)().get_config()
    assert theirs.items() >= DEFAULTS[name].items()


TORCH_OWN = {
    "zeros": nn.init.zeros_,
    "random_normal": partial(nn.init.normal_, mean=0.5, std=0.3),
    "glorot_uniform": nn.init.xavier_uniform_,
    "glorot_normal": nn.init.xavier_normal_,
    "he_uniform": nn.init.kaiming_uniform_,
    "he_normal": nn.init.kaiming_normal_,
    "lecun_normal": partial(nn.init.kaiming_normal_, nonlinearity="linear"),
    "orthogonal": partial(nn.init.orthogonal_, gain=1.5),
}
PLAIN = partial(keras.initializers.VarianceScaling, distribution="untruncated_normal")
KERAS_OWN = {
    "zeros": lambda seed: keras.initializers.Zeros(),
    "random_normal": partial(keras.initializers.RandomNormal, 0.5, 0.3),
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": partial(PLAIN, 1, "fan_avg"),
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": partial(PLAIN, 2, "fan_in"),
    "lecun_normal": partial(PLAIN, 1, "fan_in"),
    "orthogonal": partial(keras.initializers.Orthogonal, 1.5),
}


def torch_own(row, shape):
    """What torch's own initializer draws from a generator's state, and makes of it."""
    draw = torch.empty(channels_first(np.empty(shape)).shape, dtype=torch.float64)
    made = torch.empty_like(draw)
    torch.manual_seed(5)
    _ = draw.uniform_() if row.kind == "uniform" else draw.normal_()
    torch.manual_seed(5)
    TORCH_OWN[row.name](made)
    return channels_last(draw.numpy()), channels_last(made.numpy())


def keras_own(row, shape):
    """What Keras's own initializer draws from a seed, and makes of it."""
    drawn = shape
    if row.name == "orthogonal":  # it draws the matrix the taller way up
        drawn = sorted((math.prod(shape[:-1]), shape[-1]), reverse=True)
    draw = getattr(keras.random, row.kind)(drawn, seed=5, dtype="float64").numpy()
    if drawn != shape:
        draw = np.reshape(draw if drawn[1] == shape[-1] else draw.T, shape)
    return draw, KERAS_OWN[row.name](seed=5)(shape, "float64").numpy()


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (3, 2, 2, 5)], ids=str)
@every_row
@pytest.mark.parametrize(("half", "own"), [(KERAS, keras_own), (TORCH, torch_own)])
def test_the_frameworks_own_make_the_same_of_a_draw(half, own, row, shape):
    draw, made = own(row, shape)
    (W,) = computed(half, [row], [draw])
    if row.name == "orthogonal":
        assert compare(W, made, row.size(draw, "float64"), "float64").agrees
        return
    # both add up the same two terms, each with at most 6 roundings
    at_zero = row.reference(np.zeros(shape))
    terms = np.abs(row.reference(draw) - at_zero) + np.abs(at_zero)
    bound = gamma(12, "float64") * terms
    if own is keras_own and row.bound is UNIFORM:  # Keras rounds limits to float32 even in float64
        assert not compare(W, made, bound, "float64").agrees
        bound += gamma(1, "float32") * terms
    assert compare(W, made, bound, "float64").agrees
