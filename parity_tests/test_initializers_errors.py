"""The initializers at their limits: empty shapes, shapes without fans, and misuse by name."""

import numpy as np
import pytest
import tensorflow as tf
from torch import nn

import tf_impl.initializers
import torch_impl.initializers
from parity_tests.initializer_cases import BY_NAME, every_row
from parity_tests.parties import HALVES


@pytest.mark.parametrize("shape", [(3, 0), (0, 3), (3, 0, 2)], ids=str)
@every_row
def test_a_shape_may_be_empty(half, row, shape):
    assert row.made(half, shape).shape == shape


@every_row
def test_a_shape_without_fans_is_refused(half, row):
    if row.name in ("zeros", "random_normal"):
        assert row.made(half, ()).shape == ()
        return
    with pytest.raises(ValueError, match=rf"{row.name} needs a .* or more axes, got \(\)"):
        row.made(half, ())
    with pytest.raises(ValueError, match=r"or more axes|no fans"):
        row.reference(np.float64(0.5))


@every_row
def test_what_is_no_floating_point_tensor_is_refused(half, row):
    whole = half.framework.tensor(np.ones((2, 2), np.int32))
    for draw, given in ((whole, "int32"), ([0.5], "list")):
        with pytest.raises(TypeError, match=f"{row.name} needs a floating-point .* got {given}"):
            row.weights(half, draw)


def test_other_misuse_says_what_to_do():
    for half in HALVES:
        with pytest.raises(ValueError, match=r"orthogonal .* 2 or more axes, got \(3,\)"):
            BY_NAME["orthogonal"].made(half, (3,))
    with pytest.raises(TypeError, match=r"HeNormal fills one parameter, got Linear: .*\.weight"):
        torch_impl.initializers.HeNormal(seed=1)(nn.Linear(2, 2))
    traced = tf.function(tf_impl.initializers.he_normal, [tf.TensorSpec((None, 3))])
    with pytest.raises(ValueError, match=r"he_normal needs a known shape .* \(None, 3\)"):
        traced(tf.ones((2, 3)))
