"""Linear, Activation and Flatten: leading axes, layers without bias, names, and errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch import nn

import tf_impl.activations
import tf_impl.layers as tl
import torch_impl.activations
import torch_impl.layers as hl
from parity_tests.layer_concepts import drawn
from shared.catalogue import ACTIVATIONS
from shared.comparison import compare, running_error_bound

X = drawn(2, 3, 4, seed=40).astype(np.float32)
KERNEL = drawn(4, 5, seed=41).astype(np.float32)
BIAS = drawn(5, seed=42).astype(np.float32)
OF_X_ALONE = [c.name for c in ACTIVATIONS if c.name not in ("prelu", "maxout")]


def test_leading_axes_are_rows_to_keras():
    whole = tl.linear(tf.constant(X), KERNEL, BIAS)
    rows = [tl.linear(tf.constant(row), KERNEL, BIAS) for row in X.reshape(6, 4)]
    assert whole.shape == (2, 3, 5)
    assert compare(tf.reshape(whole, (6, 5)), rows, rounding(), "float32").agrees


def test_leading_axes_are_rows_to_torch():
    weight, bias = torch.tensor(KERNEL.T), torch.tensor(BIAS)
    whole = hl.linear(torch.tensor(X), weight, bias)
    rows = [hl.linear(torch.tensor(row), weight, bias) for row in X.reshape(6, 4)]
    assert whole.shape == (2, 3, 5)
    assert compare(whole.reshape(6, 5), torch.stack(rows), rounding(), "float32").agrees


def rounding():
    """Two sums of five terms each, in whatever order: 2 γ_5 Σ |terms|, element by element."""
    terms = np.abs(X.reshape(6, 4)) @ np.abs(KERNEL) + np.abs(BIAS)
    return 2 * running_error_bound(terms, "float32", 5)


def test_a_linear_layer_without_bias_has_none():
    ours, theirs = tl.Linear(5, use_bias=False), keras.layers.Dense(5, use_bias=False)
    theirs.build(X.shape)
    ours.build(X.shape)
    ours.set_weights(theirs.get_weights())
    zero = tl.linear(tf.constant(X), theirs.kernel, np.zeros(5, np.float32))
    assert [v.name for v in ours.weights] == ["kernel"]
    np.testing.assert_array_equal(ours(X), zero)


def test_a_linear_module_without_bias_has_none():
    ours, theirs = hl.Linear(4, 5, bias=False), nn.Linear(4, 5, bias=False)
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == ["weight"]
    zero = hl.linear(torch.tensor(X), theirs.weight, torch.zeros(5))
    assert torch.equal(ours(torch.tensor(X)), zero)


@pytest.mark.parametrize(
    "x, kernel, bias, message",
    [
        ((2, 3), (4, 5), (5,), r"linear needs x of shape \(2, 4\), got \(2, 3\)"),
        ((2, 4), (4, 5), (4,), r"linear needs bias of shape \(5,\), got \(4,\)"),
        ((2, 4), (4, 5), (), r"linear needs bias of shape \(5,\), got \(\)"),
    ],
)
def test_shapes_that_do_not_agree_are_named(x, kernel, bias, message):
    with pytest.raises(ValueError, match=message):
        tl.linear(tf.zeros(x), tf.zeros(kernel), tf.zeros(bias))
    with pytest.raises(ValueError, match=message):
        hl.linear(torch.zeros(x), torch.zeros(kernel[::-1]), torch.zeros(bias))


def test_a_layer_called_with_another_width_says_what_it_needs():
    layer = tl.Linear(5)
    layer(X)
    with pytest.raises(ValueError, match=r"linear needs x of shape \(2, 4\), got \(2, 7\)"):
        layer(np.zeros((2, 7), np.float32))
    with pytest.raises(ValueError, match=r"linear needs x of shape \(2, 4\), got \(2, 7\)"):
        hl.Linear(4, 5)(torch.zeros(2, 7))


def test_in_a_graph_only_known_sizes_are_held_against_each_other():
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32)], autograph=False)
    def apply(x):
        return tl.linear(x, KERNEL, BIAS)

    np.testing.assert_array_equal(apply(X[0]), tl.linear(tf.constant(X[0]), KERNEL, BIAS))


@pytest.mark.parametrize("name", OF_X_ALONE)
def test_activations_are_known_by_name_and_by_themselves(name):
    for given in (name, getattr(tf_impl.activations, name)):
        layer = tl.Activation(given)
        assert layer.get_config()["activation"] == name
        np.testing.assert_array_equal(layer(X), getattr(tf_impl.activations, name)(X))
    for given in (name, getattr(torch_impl.activations, name)):
        module = hl.Activation(given)
        assert repr(module) == f"Activation(activation={name})"
        x = torch.tensor(X)
        assert torch.equal(module(x), getattr(torch_impl.activations, name)(x))


@pytest.mark.parametrize("given", ["swish", "prelu", "maxout", "differentiable", "ReLU", None])
def test_what_is_no_activation_of_x_alone_is_refused_with_the_list_of_those(given):
    for layer in (tl.Activation, hl.Activation):
        with pytest.raises(ValueError, match=r"only identity, relu, .*, silu$") as error:
            layer(given)
        assert repr(given) in str(error.value)


def test_flattening_keeps_the_batch():
    for shape, expected in (((3,), (3, 1)), ((3, 4), (3, 4)), ((3, 2, 0), (3, 0))):
        x = np.zeros(shape, np.float32)
        assert tl.flatten(tf.constant(x)).shape == expected
        assert hl.flatten(torch.tensor(x)).shape == expected


def test_there_is_nothing_to_flatten_in_a_number():
    with pytest.raises(ValueError, match=r"flatten needs x of shape \(None,\), got \(\)"):
        tl.flatten(tf.constant(1.0))
    with pytest.raises(ValueError, match=r"flatten needs x of shape \(None,\), got \(\)"):
        hl.flatten(torch.tensor(1.0))


def test_flattening_knows_its_width_where_that_can_be_known():
    assert tl.Flatten()(keras.Input((2, 3))).shape == (None, 6)

    @tf.function(input_signature=[tf.TensorSpec([None, None, 3])], autograph=False)
    def apply(x):
        return tl.flatten(x)

    np.testing.assert_array_equal(apply(np.ones((2, 4, 3), np.float32)), np.ones((2, 12)))
