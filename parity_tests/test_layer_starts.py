"""Untrained, the layers are the frameworks' own layers: same weights from the same seed."""

import keras
import numpy as np
import pytest
import torch
from keras import layers as kl
from torch import nn

import tf_impl.layers as tl
import torch_impl.layers as hl

KERAS_STARTS = (
    (tl.Linear, kl.Dense, (5,), (3, 4)),
    (tl.Conv2D, kl.Conv2D, (3, (3, 2)), (1, 5, 5, 2)),
    (tl.Embedding, kl.Embedding, (6, 3), (2, 4)),
    (tl.BatchNorm, kl.BatchNormalization, (), (2, 4)),
    (tl.LayerNorm, kl.LayerNormalization, (), (2, 4)),
)


@pytest.mark.parametrize("ours, theirs, arguments, shape", KERAS_STARTS)
def test_keras_layers_start_where_kerass_own_do(ours, theirs, arguments, shape):
    started = []
    for make in (ours, theirs):
        keras.utils.set_random_seed(3)
        layer = make(*arguments)
        layer.build(shape)
        started.append(layer.get_weights())
    for one, other in zip(*started, strict=True):
        np.testing.assert_array_equal(one, other)


TORCH_STARTS = (
    (hl.Linear, nn.Linear, (4, 5)),
    (hl.Linear, nn.Linear, (4, 5, False)),
    (hl.Linear, nn.Linear, (1, 5)),
    (hl.Linear, nn.Linear, (4, 1)),
    (hl.Conv2D, nn.Conv2d, (2, 3, (3, 2))),
    (hl.Embedding, nn.Embedding, (6, 3)),
    (hl.BatchNorm, nn.BatchNorm2d, (4,)),
    (hl.LayerNorm, nn.LayerNorm, ((3, 4),)),
)


@pytest.mark.parametrize("ours, theirs, arguments", TORCH_STARTS)
def test_modules_start_where_torchs_own_do(ours, theirs, arguments):
    started = []
    for make in (ours, theirs):
        torch.manual_seed(3)
        started.append(make(*arguments).state_dict())
    assert list(started[0]) == list(started[1])
    for one, other in zip(*(s.values() for s in started), strict=True):
        assert torch.equal(one, other)
