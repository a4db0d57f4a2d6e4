"""Networks in float64: a list of steps, gone through forwards, and backwards by hand.

    step  one function of `layers` or `activations`, its weights by the name of its layer
    h_r = f_r(h_{r−1}; W_r)        g_{r−1}, ∂L/∂W_r = f_r's gradient at g_r

Weights are named "conv_1/kernel", as Keras has them. What a step reads besides, such as a mask of
dropout, comes under a name too, among `others`. So may the states a recurrent layer starts from,
under "recurrent_1/states"; unless they do, they are 0.

Source: Introduction to Deep Learning, Unit 1 (forward and backward propagation).
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from shared.reference import activations, layers

NONE = MappingProxyType({})
STATES = {"simple_rnn": 1, "gru": 1, "lstm": 2}  # how many states a recurrent function starts from


@dataclass(frozen=True)
class Step:
    """One function of a network: its name, its layer's, its options, and what else it reads."""

    function: str
    layer: str = ""  # "" for a step without weights
    options: Mapping = field(default_factory=dict)
    others: tuple[str, ...] = ()

    def own(self, weights: Mapping) -> dict:
        """Its share of the weights, in their order."""
        return {name: values for name, values in weights.items() if self._owns(name)}

    def _owns(self, name):
        return bool(self.layer) and name.startswith(f"{self.layer}/")


def forward(steps: Sequence[Step], weights: Mapping, x, others: Mapping = NONE) -> list:
    """[x, h₁, h₂, …], the last of them the network's output.

    >>> steps = [Step("linear", "linear_1"), Step("relu")]
    >>> weights = {"linear_1/kernel": np.array([[1.0, -1.0]]), "linear_1/bias": np.zeros(2)}
    >>> forward(steps, weights, np.array([[3.0]]))[-1].tolist()
    [[3.0, 0.0]]
    """
    h = [x]
    for step in steps:
        h.append(_function(step)(*_read(step, h[-1], weights, others), **step.options))
    return h


def backward(steps: Sequence[Step], weights: Mapping, h, at: Mapping, others: Mapping = NONE):
    """(∂L/∂x, ∂L/∂W by name) from what `forward` gave, h, and ∂L/∂h_r by r, the place in h.

    A loss at a hidden layer is one more r: g_r ← g_r + ∂L/∂h_r.

    >>> steps = [Step("linear", "linear_1"), Step("relu")]
    >>> weights = {"linear_1/kernel": np.array([[1.0, -1.0]]), "linear_1/bias": np.zeros(2)}
    >>> h = forward(steps, weights, np.array([[3.0]]))
    >>> g_x, gradients = backward(steps, weights, h, {2: np.ones((1, 2))})
    >>> gradients["linear_1/kernel"].tolist(), g_x.tolist()
    ([[3.0, 0.0]], [[1.0]])
    """
    found, g = {}, 0.0
    for r, step in reversed(list(enumerate(steps, 1))):
        # g_r ← g_r + ∂L/∂h_r
        g, before = g + at.get(r, 0.0), h[r - 1]
        gradients = _function(step, "_gradient")(
            g, *_read(step, before, weights, others), **step.options
        )
        g, *of_weights = gradients if isinstance(gradients, tuple) else (gradients,)
        # a recurrent function has gradients of its first states as well, which are data
        found |= dict(zip(step.own(weights), of_weights, strict=False))
    return g + at.get(0, 0.0), {name: found[name] for name in weights if name in found}


def last(h):
    """The last step of a sequence (B, T, U): (B, U)."""
    return h[:, -1]


def last_gradient(g, h):
    arriving = np.zeros_like(h)
    arriving[:, -1] = g
    return arriving


def outputs(h):
    """h of an LSTM's states, h beside c (…, 2U): (…, U)."""
    return h[..., : h.shape[-1] // 2]


def outputs_gradient(g, h):
    return np.concatenate([g, np.zeros_like(g)], axis=-1)


def _function(step, suffix=""):
    name = step.function + suffix
    places = (layers, activations, sys.modules[__name__])
    return next(getattr(place, name) for place in places if hasattr(place, name))


def _read(step, h, weights, others):
    own = step.own(weights)
    states = range(STATES.get(step.function, 0))
    first = others.get(f"{step.layer}/states") or [_at_rest(h, own) for _ in states]
    return h, *own.values(), *first, *(others[name] for name in step.others)


def _at_rest(h, own):
    """The state that a recurrent layer starts from."""
    recurrent_kernel = next(W for name, W in own.items() if name.endswith("/recurrent_kernel"))
    return np.zeros((len(h), len(recurrent_kernel)))
