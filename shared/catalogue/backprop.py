"""Backpropagation by hand: a network of three layers, its gradient found by each recursion."""

from functools import cache, partial

import numpy as np

from shared.bounds import Composition
from shared.catalogue.concept import Concept
from shared.data import load_digits
from shared.samples import Sample

WIDTHS = (8, 6, 4, 6)  # of the input, two hidden layers and the output; all but the first even
RECURSIONS = ("pre_activation", "post_activation", "several_outputs")
# one of each kind: a kink, a slope, a curve, a row, neighbours; the tests go through all of them
ACTIVATIONS = (
    "relu",
    ("prelu", {"slope": 0.25}),
    "gelu",
    ("tanh", "tanh", "softmax"),
    ("softmax", "sigmoid", ("maxout", {"pieces": 2})),
)


@cache
def _sample():
    """Drawn numbers and rows of digits, eight pixels of each."""
    drawn = np.random.default_rng(21).normal(size=(8, WIDTHS[0]))
    digits = load_digits()[0][:8, 26 : 26 + WIDTHS[0]]
    values = np.concatenate([drawn, digits]).astype(np.float32).astype(np.float64)
    return Sample(values, {"drawn": slice(0, 8), "digits": slice(8, 16)})


def _weights(layer):
    """W, scaled so that signals neither vanish nor explode."""
    fan_in, units = WIDTHS[layer - 1], WIDTHS[layer]
    return _rounded(np.random.default_rng([22, layer]).normal(size=(fan_in, units)) / fan_in**0.5)


def _bias(layer):
    # positive, so that no relu is dead
    return _rounded(np.random.default_rng([23, layer]).uniform(0.1, 1, WIDTHS[layer]))


def _rounded(values):
    return values.astype(np.float32).astype(np.float64)


PARAMETERS = {
    f"{letter}{layer}": partial(draw, layer)
    for layer in (1, 2, 3)
    for letter, draw in (("W", _weights), ("b", _bias))
}

BACKPROP = (
    Concept(
        "network",
        "backprop",
        formula="o = Φ(W₃ᵀ Φ(W₂ᵀ Φ(W₁ᵀ x + b₁) + b₂) + b₃)",
        gradient="δ(h_r, o) = Φ'(a_r) Σ w(h_r, h) δ(h, o), ∂L/∂w = δ h_{r−1}",
        conventions="post-activation, pre-activation and per-output recursions give one gradient",
        bounds=dict.fromkeys(("h", "g_x", *(f"g_{name}" for name in PARAMETERS)), Composition()),
        sample=_sample,
        inner=WIDTHS[:1],
        parameters=PARAMETERS,
        options=(
            *({"recursion": name} for name in RECURSIONS),
            *({"activation": activation} for activation in ACTIVATIONS),
        ),
    ),
)  # fmt: skip
