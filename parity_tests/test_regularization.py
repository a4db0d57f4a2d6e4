"""Dropout: a shared mask, the frameworks' own masks, training and inference, extremes, errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import tf_impl.layers as tl
import torch_impl.layers as hl
from parity_tests.layer_concepts import drawn
from shared.comparison import ulp

X = drawn(40, 50, seed=50).astype(np.float32)


def test_the_halves_drop_alike_when_handed_one_mask():
    keep = np.random.default_rng(0).random(X.shape) > 0.3
    ours = tl.Dropout(0.3)(X, training=True, keep=tf.constant(keep)).numpy()
    theirs = hl.Dropout(0.3)(torch.tensor(X), keep=torch.tensor(keep)).numpy()
    # 1 − 0.3 rounded, and the quotient: at most a ULP and a half from the true one, each
    assert (np.abs(ours - theirs) <= 3 * ulp(ours, "float32")).all()
    assert ((ours == 0) == ~keep).all()


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9, 1.0])
def test_of_a_large_input_the_stated_share_is_dropped(rate):
    ones = np.ones((200, 500), np.float32)
    drops = [
        tl.Dropout(rate, seed=1)(ones, training=True).numpy() == 0,
        (hl.Dropout(rate)(torch.tensor(ones)) == 0).numpy(),
    ]
    for dropped in drops:
        # five standard errors of a mean of that many independent draws
        assert abs(dropped.mean() - rate) <= 5 * np.sqrt(rate * (1 - rate) / dropped.size)
        if 0 < rate < 1:
            # nor do draws of a row depend on each other: five standard errors of a deviation
            deviation = np.sqrt(rate * (1 - rate) / dropped.shape[1])
            beyond = 5 / np.sqrt(2 * len(dropped))
            assert abs(dropped.mean(axis=1).std() / deviation - 1) <= beyond


def test_a_seed_draws_the_masks_that_kerass_own_draws_from_it():
    ours, theirs = tl.Dropout(0.4, seed=7), keras.layers.Dropout(0.4, seed=7)
    first, second = (
        [layer(X, training=True).numpy() for _ in range(2)] for layer in (ours, theirs)
    )
    for one, other in zip(first, second, strict=True):
        assert ((one == 0) == (other == 0)).all()
        assert (np.abs(one - other) <= 3 * ulp(one, "float32")).all()
    assert not ((first[0] == 0) == (first[1] == 0)).all()


def test_torch_draws_the_masks_that_its_own_dropout_does():
    results = []
    for module in (hl.Dropout(0.4), nn.Dropout(0.4)):
        torch.manual_seed(7)
        results.append([module(torch.tensor(X)).numpy() for _ in range(2)])
    for one, other in zip(*results, strict=True):
        assert ((one == 0) == (other == 0)).all()
        assert (np.abs(one - other) <= 3 * ulp(one, "float32")).all()


def test_at_inference_nothing_is_dropped_even_with_a_mask():
    keep = np.zeros(X.shape, bool)
    np.testing.assert_array_equal(tl.Dropout(0.5)(X, training=False, keep=tf.constant(keep)), X)
    np.testing.assert_array_equal(tl.Dropout(0.5)(X), X)
    module = hl.Dropout(0.5).eval()
    assert torch.equal(module(torch.tensor(X), keep=torch.tensor(keep)), torch.tensor(X))


def test_what_is_dropped_is_zero_and_has_no_gradient_whatever_it_was():
    x, keep = np.array([np.inf, np.nan, 2.0]), np.array([False, False, True])
    with tf.GradientTape() as tape:
        tensor = tf.constant(x)
        tape.watch(tensor)
        h = tl.dropout(tensor, tf.constant(keep), 0.5)
    np.testing.assert_array_equal(h, [0, 0, 4])
    np.testing.assert_array_equal(tape.gradient(h, tensor), [0, 0, 2])
    leaf = torch.tensor(x, requires_grad=True)
    h = hl.dropout(leaf, torch.tensor(keep), 0.5)
    h.sum().backward()
    np.testing.assert_array_equal(h.detach(), [0, 0, 4])
    np.testing.assert_array_equal(leaf.grad, [0, 0, 2])


@pytest.mark.parametrize("rate", [-0.1, 1.5])
def test_a_rate_is_a_probability(rate):
    with pytest.raises(ValueError, match=f"Dropout needs a rate from 0 to 1, got {rate}"):
        tl.Dropout(rate)
    with pytest.raises(ValueError, match=f"Dropout needs a p from 0 to 1, got {rate}"):
        hl.Dropout(rate)


def test_a_mask_is_boolean_and_of_the_inputs_shape():
    with pytest.raises(TypeError, match="boolean mask, got float32: pass keep != 0"):
        tl.dropout(tf.constant(X), tf.ones(X.shape), 0.5)
    with pytest.raises(TypeError, match=r"boolean mask, got torch.float32: pass keep != 0"):
        hl.dropout(torch.tensor(X), torch.ones(X.shape), 0.5)
    message = r"dropout needs keep of shape \(40, 50\), got \(50,\)"
    with pytest.raises(ValueError, match=message):
        tl.dropout(tf.constant(X), tf.constant([True] * 50), 0.5)
    with pytest.raises(ValueError, match=message):
        hl.dropout(torch.tensor(X), torch.tensor([True] * 50), 0.5)
