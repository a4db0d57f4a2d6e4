"""Networks to propagate back through, and what rounding may cost each result of it."""

from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import chain

import numpy as np
import pytest

import tf_impl.backprop
import torch_impl.backprop
from parity_tests.parties import HALVES, NO_CUSTOM_GRADIENT
from shared.bounds import Evaluated
from shared.catalogue import ACTIVATIONS
from shared.comparison import compare, gamma, sensitivity, unit_roundoff
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
