"""The recurrent layers: sequences with masks of every kind, bounds from what each step reads.

Some sequences lie so far out that they shut the gates: slopes that are taken from the outputs of
the gates have few digits left there.
"""

from functools import partial

import numpy as np

from shared.bounds import Composition
from shared.catalogue.concept import Concept
from shared.reference.layers import recurrent as reference
from shared.samples import Sample
from shared.vocabulary import Layout

FEATURES, UNITS = 4, 5
# all steps read; padded; padded early; with gaps; a masked start; nothing read at all
MASK = np.array(
    [[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0], [1, 0, 1, 1, 0, 1],
     [0, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0]], bool)  # fmt: skip
FAR, SHUT = 32.0, (0, 3)  # how far out, and the masks with which such sequences come once more
FORMULAS = {
    "simple_rnn": ("SimpleRNN", "h_t = tanh(x_t W + h_{t−1} R + b)"),
    "lstm": ("LSTM", "c_t = σ(f) c_{t−1} + σ(i) tanh(n), h_t = σ(o) tanh(c_t)"),
    "gru": ("GRU", "h_t = u h_{t−1} + (1 − u) tanh(n), n = x W + r (h_{t−1} R + b)"),
}
GATES = {"simple_rnn": (0,), "lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}  # Keras's, in torch's order
STATES = {"simple_rnn": ("h0",), "lstm": ("h0", "c0"), "gru": ("h0",)}


def drawn(*shape, seed):
    """Normal float32 numbers, in float64."""
    return np.random.default_rng([11, seed]).normal(size=shape).astype(np.float32).astype(float)


def _scaled(rows, *columns, seed):
    # so that the sums under the gates have a variance of about 1, where the gates are open
    return drawn(rows, *columns, seed=seed) / (2 if rows in (FEATURES, UNITS) else 1)


def _part(function, place, *inputs):
    return function(*inputs)[place]


def _bounds(name, tensors):
    terms = getattr(reference, f"{name}_gradient_terms")
    bounds = {"h": Composition(magnitude=getattr(reference, f"{name}_terms"), stepwise=True)}
    for place, tensor in enumerate(tensors):
        bounds[f"g_{tensor}"] = Composition(magnitude=partial(_part, terms, place), stepwise=True)
    return bounds


def row(name, mask=MASK, far=0):
    """A recurrent layer's function at sequences that are masked so, the last few being far out."""
    (batch, time), width = mask.shape, len(GATES[name]) * UNITS
    bias = (2, width) if name == "gru" else (width,)
    shapes = {"kernel": (FEATURES, width), "recurrent_kernel": (UNITS, width), "bias": bias}
    shapes |= dict.fromkeys(STATES[name], (batch, UNITS))
    layer, formula = FORMULAS[name]
    x, near = drawn(batch, time * FEATURES, seed=0), batch - far
    x[near:] *= FAR
    parts = {"drawn": slice(0, near)} | ({"far": slice(near, batch)} if far else {})
    return Concept(
        name,
        "layers",
        formula=formula,
        gradient="backpropagation through time",
        conventions="a masked step leaves the states as they are",
        layer=layer,
        bounds=_bounds(name, ("x", *shapes)),
        sample=lambda: Sample(x, parts),
        inner=(time, FEATURES),
        parameters={n: partial(_scaled, *s, seed=i) for i, (n, s) in enumerate(shapes.items(), 1)},
        constants={"mask": lambda: mask},
        modes=("eager",),  # a loop over time takes minutes to compile
        layouts={
            **dict.fromkeys(("kernel", "recurrent_kernel"), Layout((1, 0), GATES[name])),
            "bias": Layout(gates=GATES[name]),
        },
    )


_MASKS = np.concatenate([MASK, MASK[[*SHUT]]])
RECURRENT = tuple(row(name, _MASKS, far=len(SHUT)) for name in FORMULAS)
