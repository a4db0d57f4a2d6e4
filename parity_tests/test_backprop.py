"""Backpropagation by hand: four recursions, in both halves, against both frameworks' own gradient.

Every pre-activation and post-activation, and the gradient of every weight, bias and input, is held
to the float64 reference, within what rounding may cost it.
"""

import re
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import chain

import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.backprop
import torch_impl.backprop
from parity_tests.parties import HALVES, NO_CUSTOM_GRADIENT
from shared.bounds import Evaluated
from shared.catalogue import ACTIVATIONS
from shared.comparison import compare, gamma, sensitivity, unit_roundoff
from shared.data import load_digits, load_insurance
from shared.reference import activations, backprop

CONCEPTS = {concept.name: concept for concept in ACTIVATIONS}
MODULES = dict(zip(HALVES, (tf_impl.backprop, torch_impl.backprop), strict=True))
FOUR = ("post_activation", "pre_activation", "several_outputs", "hidden_losses")
OPTIONS = {"maxout": {"pieces": 2}, "prelu": {"slope": 0.1}, "elu": {"alpha": 0.7},
           "leaky_relu": {"negative_slope": 0.2}}  # fmt: skip
MIXED = ["tanh", ("maxout", {"pieces": 3}), ("prelu", {"slope": [0.1, 0.7, 0.4]}), "log_softmax",
         "gelu", "softmax"]  # fmt: skip

both_precisions = pytest.mark.parametrize("dtype", ["float32", "float64"])


@dataclass(frozen=True, eq=False)  # so that one is itself alone, and its bounds are found once
class Network:
    """A network, its input, and the gradients of the losses at its output and hidden layers."""

    activation: object
    weights: list
    x: np.ndarray
    g: np.ndarray
    hidden: dict = field(default_factory=dict)

    def each(self, to):
        """The same network, its arrays put through a function."""
        weights = [(to(W), to(b)) for W, b in self.weights]
        hidden = {r: to(g) for r, g in self.hidden.items()}
        return replace(self, weights=weights, x=to(self.x), g=to(self.g), hidden=hidden)


def rounded(values):
    """Float32 numbers in float64, so that both precisions start from the very same ones."""
    return values.astype(np.float32).astype(np.float64)


def drawn(phis, widths, rows=2, hidden=()):
    """A network whose signals neither vanish nor explode; biases are positive: no relu dies."""
    rng = np.random.default_rng([rows, *widths])
    weights = []
    for phi, D, U in zip(phis, widths[:-1], widths[1:], strict=True):
        units = U * (phi[1].get("pieces", 1) if isinstance(phi, tuple) else 1)
        W, b = rng.normal(size=(D, units)) / np.sqrt(D), rng.uniform(0.1, 1, size=units)
        weights.append((W, b))
    x, g = rng.normal(size=(rows, widths[0])), rng.normal(size=(rows, widths[-1]))
    losses = {r: rng.normal(size=(rows, widths[r])) for r in hidden}
    return Network(phis, weights, x, g, losses).each(rounded)


# What rounding may cost. Each value that a row of x passes through a network is off by the
# roundings of its own step:
#
#   a = Σ h w + b   γ_{D+1} (Σ |h w| + |b|), which is as far as a moves if each input, weight and
#                   bias that this row reads is moved by D + 1 roundings
#   h = Φ(a)        what the catalogue states of Φ, or a half of how it departs
#   δ = Φ'(a) Δ     what the catalogue states of the gradient; γ_1 |δ| where two δ are added
#   Δ = Σ w δ       γ_U Σ |w δ|, which is each weight, read once more, moved by U roundings
#
# and by what the values before it were off. To first order a result is off by the sum of
# |∂result/∂v| times the own roundings of v, over all these values v: how far the float64 network
# moves when all that it computes with is moved by its roundings, which `sensitivity` finds by
# moving one value at a time. What is left are the sums at the end. Rows are rounded apart, so that
# what they add to a gradient is counted row by row, and as many roundings of Σ |h δ| come to it as
# there are terms: B rows, and O output nodes where each is propagated on its own. Terms of the
# second order, u times smaller, are left out, as are kinks, which nothing here comes near.


@dataclass(frozen=True)
class Costs:
    """How far the roundings of one step may take its value, in units of u."""

    dtype: str
    by_tape: bool = False  # whether the framework finds Φ' from the plain formula of Φ

    def sum(self, count, terms):
        """Of a sum of so many terms, `terms` their sizes added up."""
        return gamma(count, self.dtype) * terms / unit_roundoff(self.dtype)

    def elementary(self, phi, tensor, *inputs):
        """Of Φ(a), "h", and of Φ'(a) Δ, "g_x"."""
        concept, options = CONCEPTS[phi[0]], phi[1]
        function, axis = partial(apply, phi, tensor), -1 if concept.along_axis else None
        at = Evaluated(function, inputs, function(*inputs), options, axis)
        bounds = [concept.bounds[tensor], *[NO_CUSTOM_GRADIENT] * self.by_tape]
        bounds += [
            departure.bound
            for half in HALVES
            for departure in half.departures
            if (departure.concept, departure.tensor) == (phi[0], tensor)
            and self.dtype in departure.dtypes
        ]
        sizes = [bound.size(at, self.dtype) for bound in bounds]
        return np.max(sizes, axis=0) / unit_roundoff(self.dtype)


def apply(phi, tensor, *inputs):
    """Φ(a), "h", or Φ'(a) Δ, "g_x", of the reference."""
    name, options = phi
    found = getattr(activations, name if tensor == "h" else f"{name}_gradient")(*inputs, **options)
    return found[0] if isinstance(found, tuple) else found


def row(network, at, g, costs, step):
    """A row's [g_W1, g_b1, …, g_x, a_1, h_1, …], each value given to `step` with its cost."""

    def through(phi, tensor, *inputs):
        return step(apply(phi, tensor, *inputs), costs.elementary, phi, tensor, *inputs)

    def linear(x, W, *b):
        terms = np.abs(x) @ np.abs(W) + sum(np.abs(bias) for bias in b)
        return step(x @ W + sum(b), costs.sum, len(W) + len(b), terms)

    phis = backprop.checked(network.weights, network.x, network.activation)
    a, h = [], [network.x[[at]]]
    for (W, b), phi in zip(network.weights, phis, strict=True):
        a.append(linear(h[-1], W, b))
        h.append(through(phi, "h", a[-1]))
    gradients, delta = [], g[[at]]
    for r in reversed(range(len(a))):
        d = through(phis[r], "g_x", delta, a[r])
        if r + 1 in network.hidden:
            d = d + through(phis[r], "g_x", network.hidden[r + 1][[at]], a[r])
            d = step(d, costs.sum, 1, np.abs(d))
        delta = linear(d, network.weights[r][0].T)
        gradients[:0] = [h[r][:, :, None] * d[:, None, :], d]
    return [*gradients, delta, *chain(*zip(a, h[1:], strict=True))]


def moved(network, at, g, costs):
    """(values, how far rounding may take them) for what `row` gives."""
    sizes = []

    def note(value, cost, *arguments):
        sizes.append(cost(*arguments))
        return value

    here = row(network, at, g, costs, note)
    places = np.cumsum([size.size for size in sizes])

    def copies(t):
        """As many copies of the row as values are passed through, each with another one moved."""
        offsets = map(np.multiply, np.split(np.diag(t - 1), places[:-1], axis=1), sizes)
        there = row(network, at, g, costs, lambda value, *_: value + next(offsets))
        return np.concatenate([values.reshape(len(t), -1) for values in there], axis=1)

    found = np.sum(sensitivity(copies, (np.ones(places[-1]),)), axis=0)
    parts = np.split(found * unit_roundoff(costs.dtype), np.cumsum([v.size for v in here])[:-1])
    return [(v[0], part.reshape(v.shape[1:])) for v, part in zip(here, parts, strict=True)]


@cache
def allowed(network, dtype, apart=False, by_tape=False):
    """The bound of each result; `apart` where each output node is propagated on its own."""
    B, O = network.g.shape if apart else (len(network.g), 1)
    nodes = [np.where(np.arange(O) == o, network.g, 0) for o in range(O)] if apart else [network.g]
    rows = [moved(network, at, g, Costs(dtype, by_tape)) for at in range(B) for g in nodes]
    # of each result, the sizes and costs of all rows and nodes: (B, O, 2, …)
    found = [np.abs(r).reshape(B, O, *np.shape(r)[1:]) for r in zip(*rows, strict=True)]
    end = 2 * len(network.weights)
    of_weights = [
        np.sum(f[:, :, 1] + gamma(B + O - 1, dtype) * f[:, :, 0], axis=(0, 1)) for f in found[:end]
    ]
    terms = found[1][:, :, 0] @ np.abs(network.weights[0][0]).T
    of_x = np.sum(found[end][:, :, 1] + gamma(O - 1, dtype) * terms, axis=1)
    bounds = [*of_weights, of_x, *(f[:, 0, 1] for f in found[end + 1 :])]
    # the reference is rounded too
    share = 1 + unit_roundoff("float64") / unit_roundoff(dtype)
    return [share * bound for bound in bounds]


def results(module, network, recursions=FOUR):
    """[g_W1, g_b1, …, g_x, a_1, h_1, …] by each recursion of a half or of the reference."""
    weights, activation, g = network.weights, network.activation, network.g
    a, h = module.forward_pass(weights, network.x, activation)
    found = []
    for recursion in recursions:
        backward_pass = getattr(module, f"backward_pass_{recursion}")
        hidden = (network.hidden,) if recursion == "hidden_losses" else ()
        gradients, g_x = backward_pass(weights, a, h, activation, g, *hidden)
        found.append([*chain(*gradients), g_x, *chain(*zip(a, h[1:], strict=True))])
    return found


def by_hand(half, network, dtype, recursions=FOUR, capture=lambda function: function):
    """The same of a half, as NumPy; `capture` is what compiles."""
    tensors = network.each(lambda values: half.framework.tensor(values.astype(dtype)))
    module = MODULES[half]

    def function(weights, x, g, hidden):
        native = Network(network.activation, weights, x, g, hidden)
        return results(module, native, recursions)

    found = capture(function)(tensors.weights, tensors.x, tensors.g, tensors.hidden)
    return [[half.framework.array(value) for value in values] for values in found]


def by_tape(half, network, dtype):
    """[g_W1, g_b1, …, g_x] as the framework finds them, from the plain formulas, by itself."""
    phis = backprop.checked(network.weights, network.x, network.activation)

    def plain(a, name, options):
        tensors = {n: half.framework.tensor(np.asarray(v, dtype)) for n, v in options.items()}
        function = getattr(half.activations, name).__wrapped__
        return function(a, **(tensors if name == "prelu" else options))

    def outputs(x, *flat):
        h = [x]
        for W, b, phi in zip(flat[::2], flat[1::2], phis, strict=True):
            h.append(plain(h[-1] @ W + b, *phi))
        return tuple(h[r] for r in (*network.hidden, len(phis)))

    cast = network.each(lambda values: values.astype(dtype))
    _, (g_x, *gradients) = half.framework.value_and_gradients(
        outputs, cast.x, *chain(*cast.weights), upstream=(*cast.hidden.values(), cast.g)
    )
    return [*gradients, g_x]


def assert_agree(found, expected, bounds, dtype):
    """`found` may be the gradients alone."""
    layers = len(expected) // 4
    names = [*(f"g_{n}{r + 1}" for r in range(layers) for n in "Wb"), "g_x"]
    names += [f"{n}{r + 1}" for r in range(layers) for n in "ah"]
    for name, one, other, bound in zip(names, found, expected, bounds, strict=False):
        difference = compare(one, other, bound, dtype)
        assert difference.agrees, f"{name}: {difference}"


def assert_recursions_agree(every_found, network, dtype, recursions=FOUR):
    """Those of one party with the reference."""
    expected, bounds = results(backprop, network, recursions)[-1], allowed(network, dtype)
    for recursion, found in zip(recursions, every_found, strict=True):
        apart = recursion == "several_outputs"
        of_this = allowed(network, dtype, apart=True) if apart else bounds
        assert_agree(found, expected, of_this, dtype)
        assert len(found) == len(expected)


def assert_all_agree(network, dtype, recursions=FOUR):
    """The recursions of the reference and of both halves, and both frameworks' own gradient."""
    truth, by_itself = results(backprop, network, recursions), allowed(network, dtype, by_tape=True)
    assert_recursions_agree(truth, network, dtype, recursions)
    for half in HALVES:
        found = by_hand(half, network, dtype, recursions)
        assert_recursions_agree(found, network, dtype, recursions)
        assert_agree(by_tape(half, network, dtype), truth[-1], by_itself, dtype)


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
