"""Backpropagation by hand: four recursions, in both halves, against both frameworks' own gradient.

Every pre-activation and post-activation, and the gradient of every weight, bias and input, is held
to the float64 reference, within what rounding may cost it.
"""

import re
from dataclasses import replace
from functools import partial
from itertools import chain

import numpy as np
import pytest
import tensorflow as tf
import torch

from parity_tests.networks import (
    CONCEPTS,
    FOUR,
    MIXED,
    MODULES,
    OPTIONS,
    Network,
    assert_all_agree,
    assert_recursions_agree,
    both_precisions,
    by_hand,
    drawn,
    results,
    rounded,
)
from shared.comparison import compare, gamma
from shared.data import load_digits, load_insurance
from shared.reference import backprop


def all_reached(network):
    """The network, once no layer's gradient is found to be 0."""
    (found,) = results(backprop, network, ["hidden_losses"])
    assert all(np.any(values) for values in found)
    return network


@pytest.mark.parametrize(("depth", "dtype"), [*((d, "float64") for d in range(1, 9)),
                                              (3, "float32"), (8, "float32")])  # fmt: skip
@pytest.mark.parametrize("name", CONCEPTS)
def test_all_recursions_are_the_gradient(name, depth, dtype):
    network = drawn([with_options(name)] * depth, [3] * depth + [2])
    assert_all_agree(all_reached(network), dtype)


def with_options(name):
    return (name, OPTIONS[name]) if name in OPTIONS else name


@both_precisions
def test_layers_may_differ_in_width_activation_and_options(dtype):
    assert_all_agree(all_reached(drawn(MIXED, [5, 2, 4, 3, 4, 3, 2], rows=3)), dtype)


@both_precisions
def test_losses_at_several_hidden_layers_add_to_the_gradient(dtype):
    network = drawn(MIXED, [5, 2, 4, 3, 4, 3, 2], rows=3, hidden=(1, 3, 4, 5))
    assert_all_agree(all_reached(network), dtype, ["hidden_losses"])


@pytest.mark.parametrize("name", CONCEPTS)
def test_a_batch_of_one_through_layers_of_one_unit(name):
    assert_all_agree(drawn([with_options(name)] * 3, [1, 1, 1, 1], rows=1), "float32")


def test_an_empty_batch_has_gradients_of_zero(half):
    network = drawn(["tanh", "softmax"], [3, 2, 2], rows=0)
    for found in by_hand(half, network, "float32"):
        assert [g.shape for g in found[:5]] == [(3, 2), (2,), (2, 2), (2,), (0, 3)]
        assert not any(map(np.any, found))


def at_loss(network, gradient):
    """The network with its g, ∂L/∂o, given as a function of o."""
    _, h = backprop.forward_pass(network.weights, network.x, network.activation)
    return replace(network, g=rounded(gradient(h[-1])))


@both_precisions
def test_the_network_of_the_insurance_table(dtype):
    """Age in centuries and affordability, by a hidden layer, to the probability of insurance."""
    people, y = load_insurance(("age", "affordability"))
    network = drawn(["tanh", "sigmoid"], [2, 3, 1], rows=len(people))
    network = replace(network, x=rounded(people / np.array([100.0, 1.0])))
    network = at_loss(network, lambda o: (o - y[:, None]) / (o * (1 - o)) / len(y))
    assert_all_agree(all_reached(network), dtype)


def digits(activation):
    """64 pixels, by a hidden layer, to 10 classes; and the labels one-hot."""
    images, labels = load_digits()
    network = drawn(["relu", activation], [64, 12, 10], rows=4)
    return replace(network, x=images[:4]), np.eye(10)[labels[:4]]


@both_precisions
def test_a_network_of_the_digits(dtype):
    network, y = digits("softmax")
    assert_all_agree(all_reached(at_loss(network, lambda o: -y / o)), dtype)


@both_precisions
@pytest.mark.parametrize("activation", ["softmax", "log_softmax"])
def test_cross_entropy_reaches_the_logits_as_o_minus_y(half, activation, dtype):
    """∂L/∂o is −y/o after softmax, and −y after log_softmax, whose output is log o.

    At most C + 3 roundings of o and y: of g, g h, its sum over C classes, the difference and the
    product; or of e^h, 4 ULP, and the difference. Then the sum over the batch.
    """
    network, y = digits(activation)
    ((*_, h, _, o),) = by_hand(half, network, dtype, ["pre_activation"])
    g = -y if activation == "log_softmax" else (-y / o).astype(dtype)
    o = np.exp(o.astype(np.float64)) if activation == "log_softmax" else o.astype(np.float64)
    ((_, _, g_W, g_b, *_),) = by_hand(half, replace(network, g=g), dtype, ["pre_activation"])
    unit = gamma(y.shape[1] + 3 + len(y), dtype)
    assert compare(g_W, h.T @ (o - y), unit * h.T @ (o + y), dtype).agrees
    assert compare(g_b, np.sum(o - y, 0), unit * np.sum(o + y, 0), dtype).agrees


def test_by_log_softmax_the_cross_entropy_of_huge_logits_stays_finite(half):
    weights = [(np.array([[1e4, -1e4]]), np.zeros(2))]
    network = Network("log_softmax", weights, np.ones((1, 1)), np.array([[0.0, -1.0]]))
    ((g_W, g_b, *_),) = by_hand(half, network, "float32", ["post_activation"])
    assert g_W.tolist() == [[1, -1]]
    assert g_b.tolist() == [1, -1]


KINKS = [("relu", [0.0], [0]), (("leaky_relu", {"negative_slope": 0.25}), [0.0], [0.25]),
         (("prelu", {"slope": 0.5}), [0.0], [0.5]), ("hard_tanh", [1.0, -1.0], [0, 0]),
         (("maxout", {"pieces": 2}), [3.0, 3.0], [1, 0]), ("elu", [0.0], [1])]  # fmt: skip


@pytest.mark.parametrize(("phi", "b", "g_b"), KINKS)
def test_kinks_and_ties_follow_the_conventions_of_the_activations(half, phi, b, g_b):
    g = np.ones((1, len(b) // phi[1]["pieces"] if phi[0] == "maxout" else len(b)))
    network = Network(phi, [(np.zeros((1, len(b))), np.array(b))], np.ones((1, 1)), g)
    for found in (*results(backprop, network), *by_hand(half, network, "float32")):
        assert found[1].tolist() == g_b


def test_one_activation_stands_for_every_layer(half):
    network = drawn(["tanh"] * 3, [3, 3, 3, 2])
    (listed,) = by_hand(half, network, "float32", FOUR[:1])
    (alone,) = by_hand(half, replace(network, activation="tanh"), "float32", FOUR[:1])
    assert all(map(np.array_equal, alone, listed))


@pytest.mark.parametrize("mode", ["graph", "compiled"], indirect=True)
@pytest.mark.parametrize("hidden", [(), (1,)])
def test_recursions_trace_and_compile(half, mode, hidden):
    phis = [("prelu", {"slope": [0.1, 0.7]}), ("maxout", {"pieces": 2})]
    network = drawn(phis, [3, 2, 2], hidden=hidden)
    recursions = FOUR[3:] if hidden else FOUR[:3]
    capture = partial(half.framework.compiled, mode=mode)
    found = by_hand(half, network, "float32", recursions, capture)
    assert_recursions_agree(found, network, "float32", recursions)


def test_one_trace_serves_every_batch_size(half):
    network = drawn(MIXED[:3], [5, 2, 4, 3])
    weights, module = network.each(half.framework.tensor).weights, MODULES[half]

    def function(x, g):
        return results(module, Network(MIXED[:3], weights, x, g), FOUR[:2])

    traced = TRACED[half.framework.NAME](function)
    for rows in (2, 5):
        other = replace(drawn(MIXED[:3], [5, 2, 4, 3], rows), weights=network.weights)
        with torch.compiler.set_stance("fail_on_recompile" if rows > 2 else "default"):
            every = traced(*(unknown_rows(half.framework.tensor(v)) for v in (other.x, other.g)))
        found = [[half.framework.array(value) for value in values] for values in every]
        assert_recursions_agree(found, other, "float64", FOUR[:2])


TRACED = {
    "TensorFlow": partial(
        tf.function,
        input_signature=[tf.TensorSpec([None, width], tf.float64) for width in (5, 3)],
        autograph=False,
    ),
    "torch": partial(torch.compile, fullgraph=True, backend="aot_eager"),
}


def unknown_rows(tensor):
    """For torch, which is told by the tensor; TensorFlow is told by the signature."""
    if isinstance(tensor, torch.Tensor):
        torch._dynamo.mark_dynamic(tensor, 0)
    return tensor


def test_no_tape_and_no_autograd(half, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a gradient was asked of the framework")

    monkeypatch.setattr(tf, "GradientTape", refuse)
    monkeypatch.setattr(torch.autograd, "grad", refuse)
    monkeypatch.setattr(torch.autograd, "backward", refuse)
    network = drawn(MIXED, [5, 2, 4, 3, 4, 3, 2])
    with torch.no_grad():
        assert_recursions_agree(by_hand(half, network, "float64"), network, "float64")


@pytest.mark.parametrize("recursion", FOUR[:3])
def test_the_gradient_of_network_is_the_recursion_it_names(half, recursion):
    network = drawn(MIXED[:3], [5, 2, 4, 3])
    arrays = [network.x, *chain(*network.weights)]
    options = {"activation": network.activation, "recursion": recursion}
    function = partial(MODULES[half].network, **options)
    o, gradients = half.framework.value_and_gradients(function, *arrays, upstream=network.g)
    truth = backprop.network_gradient(network.g, *arrays, **options)
    for value, by_function, (found,) in (
        (o, gradients, by_hand(half, network, "float64", [recursion])),
        (backprop.network(*arrays, **options), truth, results(backprop, network, [recursion])),
    ):
        *of_weights, g_x = found[:7]
        assert all(map(np.array_equal, [*by_function, value], [g_x, *of_weights, found[-1]]))


TWO = ((2, 3), (3,)), ((3, 4), (4,))  # shapes of W and b
WRONG_NETWORKS = {
    "layer 2: W has shape (2, 4), needs (3, any): one row for each column of what layer 1 gives": (
        [TWO[0], ((2, 4), (4,))], (5, 2), "relu"),
    "layer 1: W has shape (2, 3), needs (7, any): one row for each column of x": (
        TWO, (5, 7), "relu"),
    "layer 1: W has shape (2,), needs (2, any)": ([((2,), (3,))], (5, 2), "relu"),
    "layer 2: b has shape (1,), needs (4,): one number for each column of W": (
        [TWO[0], ((3, 4), (1,))], (5, 2), "relu"),
    "x has shape (2,), needs (any, any): a row for each example": (TWO, (2,), "relu"),
    "layer 2: no activation is called 'rely'; known are identity, relu, ": (
        TWO, (5, 2), ["relu", "rely"]),
    "3 activations for 2 layers": (TWO, (5, 2), ["relu"] * 3),
    "1 activations for 0 layers": ((), (5, 2), ["relu"]),
    "layer 2: maxout needs pieces that divide the columns of W, got 3 for 4": (
        TWO, (5, 2), ["relu", ("maxout", {"pieces": 3})]),
}  # fmt: skip


def ones(half, shapes):
    """Tensors of these shapes, in tuples as the shapes are."""
    return [tuple(half.framework.tensor(np.ones(shape)) for shape in pair) for pair in shapes]


@pytest.mark.parametrize("message", WRONG_NETWORKS)
def test_a_network_that_does_not_fit_is_refused(half, message):
    shapes, of_x, activation = WRONG_NETWORKS[message]
    x = half.framework.tensor(np.ones(of_x))
    with pytest.raises(ValueError, match=re.escape(message)):
        MODULES[half].forward_pass(ones(half, shapes), x, activation)


# what is passed to the backward pass otherwise than the forward pass gave it, by its shapes
WRONG_GRADIENTS = {
    "g has shape (5, 3), needs (5, 4): the shape of o, whose gradient it is": {"g": (5, 3)},
    "hidden[1] has shape (3,), needs (5, 3): the shape of h[1], whose gradient it is": {
        "hidden": {1: (3,)}},
    "hidden[0]: hidden layers are 1 to 1; the gradient at the output is g": {
        "hidden": {0: (5, 2)}},
    "hidden[2]: hidden layers are 1 to 1; the gradient at the output is g": {
        "hidden": {2: (5, 4)}},
    "1 pre-activations and 3 post-activations do not belong to 2 layers": {"a": [(5, 3)]},
    "layer 1: a[0] has shape (5, 3), needs (5, 6): forward_pass gave another for these weights": {
        "weights": [((2, 6), (6,)), ((6, 4), (4,))], "h": [(5, 2), (5, 6), (5, 4)]},
    "layer 2: h[1] has shape (9, 3), needs (5, 3): forward_pass gave another for these weights": {
        "h": [(5, 2), (9, 3), (5, 4)]},
    "layer 2: a[1] has shape (9, 4), needs (5, 4): forward_pass gave another for these weights": {
        "a": [(5, 3), (9, 4)]},
}  # fmt: skip


@pytest.mark.parametrize("message", WRONG_GRADIENTS)
def test_what_does_not_belong_to_the_forward_pass_is_refused(half, message):
    right = {"weights": TWO, "a": [(5, 3), (5, 4)], "h": [(5, 2), (5, 3), (5, 4)], "g": (5, 4)}
    shapes = {**right, **WRONG_GRADIENTS[message]}
    weights, losses = ones(half, shapes["weights"]), shapes.get("hidden", {})
    a, h, (g,), at = ones(half, [shapes["a"], shapes["h"], [shapes["g"]], losses.values()])
    hidden = dict(zip(losses, at, strict=True))
    with pytest.raises(ValueError, match=re.escape(message)):
        MODULES[half].backward_pass_hidden_losses(weights, a, h, "relu", g, hidden)
