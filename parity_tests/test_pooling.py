"""Pooling: ties, NaN, windows that overlap or leave gaps, errors."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import tf_impl.layers as tl
import torch_impl.layers as hl
from parity_tests.layer_concepts import drawn
from shared.comparison import gamma
from shared.reference import layers as reference


def pooled_gradients(concept, x, size, stride):
    """h and g_x of ours in both halves, in Keras's layout, the upstream gradient being 1, 2, 3…"""
    shape = reference.max_pool2d(x, size, stride).shape
    g = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        h = getattr(tl, concept)(tensor, size, stride)
    yield h.numpy(), tape.gradient(h, tensor, tf.constant(g)).numpy(), g
    leaf = torch.tensor(np.moveaxis(x, -1, 1)).requires_grad_()
    h = getattr(hl, concept)(leaf, size, stride)
    h.backward(torch.tensor(np.moveaxis(g, -1, 1)))
    yield np.moveaxis(h.detach().numpy(), 1, -1), np.moveaxis(leaf.grad.numpy(), 1, -1), g


def test_of_tied_winners_the_first_takes_all_here_and_in_both_built_ins():
    x = np.ones((1, 4, 4, 1))
    expected = np.zeros((1, 4, 4, 1))
    expected[0, ::2, ::2, 0] = [[1, 2], [3, 4]]
    for h, g_x, _ in pooled_gradients("max_pool2d", x, 2, 2):
        np.testing.assert_array_equal(h, np.ones((1, 2, 2, 1)))
        np.testing.assert_array_equal(g_x, expected)
    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        h = tf.nn.max_pool2d(tensor, 2, 2, "VALID")
    g = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(tape.gradient(h, tensor, g.reshape(1, 2, 2, 1)), expected)
    leaf = torch.tensor(x.reshape(1, 1, 4, 4), requires_grad=True)
    nn.functional.max_pool2d(leaf, 2).backward(torch.tensor(g.reshape(1, 1, 2, 2)))
    np.testing.assert_array_equal(leaf.grad.reshape(1, 4, 4, 1), expected)


def test_the_largest_of_a_window_with_nan_is_nan_and_its_first_place_takes_the_gradient():
    x = np.arange(16.0).reshape(1, 4, 4, 1)
    x[0, 1, 1, 0] = np.nan
    for h, g_x, g in pooled_gradients("max_pool2d", x, 2, 2):
        np.testing.assert_array_equal(h[0, :, :, 0], [[np.nan, 7], [13, 15]])
        assert g_x[0, 0, 0, 0] == g[0, 0, 0, 0]
        assert g_x.sum() == g.sum()


@pytest.mark.parametrize("concept", ["max_pool2d", "average_pool2d"])
def test_what_no_window_reaches_has_no_gradient(concept):
    x = drawn(1, 7, 8, 1, seed=98)
    for h, g_x, g in pooled_gradients(concept, x, (2, 3), (3, 3)):
        assert h.shape == (1, 2, 2, 1)
        reached = np.zeros((7, 8))
        for p, q in itertools.product((0, 3), repeat=2):
            reached[p : p + 2, q : q + 3] = 1
        assert not g_x[0, reached == 0].any()
        assert np.abs(g_x.sum() - g.sum()) <= gamma(24, "float64") * g.sum()


@pytest.mark.parametrize("concept", ["max_pool2d", "average_pool2d"])
def test_windows_of_one_place_keep_what_they_reach(concept):
    x = drawn(1, 3, 4, 2, seed=97)
    for h, g_x, g in pooled_gradients(concept, x, 1, 2):
        np.testing.assert_array_equal(h, x[:, ::2, ::2])
        np.testing.assert_array_equal(g_x[:, ::2, ::2], g)
        assert g_x.sum() == g.sum()


def test_strides_are_the_windows_own_unless_given():
    x = drawn(1, 6, 6, 2, seed=99)
    for ours, theirs in ((tl.MaxPool2D, hl.MaxPool2D), (tl.AveragePool2D, hl.AveragePool2D)):
        assert ours()(x).shape == ours(2)(x).shape == ours((2, 2), 2)(x).shape == (1, 3, 3, 2)
        assert ours(3)(x).shape == (1, 2, 2, 2)
        assert theirs(3)(torch.tensor(np.moveaxis(x, -1, 1))).shape == (1, 2, 2, 2)


@pytest.mark.parametrize("concept", ["max_pool2d", "average_pool2d"])
def test_a_window_that_does_not_fit_is_named(concept):
    for module, zeros in ((tl, tf.zeros((1, 2, 5, 2))), (hl, torch.zeros(1, 2, 2, 5))):
        with pytest.raises(ValueError, match=rf"{concept} needs images of at least \(3, 3\), got"):
            getattr(module, concept)(zeros, 3, 3)
        with pytest.raises(ValueError, match=rf"{concept} needs x of shape"):
            getattr(module, concept)(zeros[0], 3, 3)
