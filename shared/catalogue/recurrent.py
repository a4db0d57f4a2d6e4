"""The recurrent layers: sequences with masks of every kind, bounds from what each step reads."""

from functools import partial

import numpy as np

from shared.bounds import Composition
from shared.catalogue.concept import Concept
from shared.reference.layers import recurrent as reference
from shared.samples import Sample
from shared.vocabulary import Layout

TIME, FEATURES, UNITS = 4, 3, 5
# all steps read; padded; padded early; with gaps; a masked start; nothing read at all
MASK = np.array(
    [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]], bool
)
FORMULAS = {
    "simple_rnn": ("SimpleRNN", "h_t = tanh(x_t W + h_{t−1} R + b)"),
    "lstm": ("LSTM", "c_t = σ(f) c_{t−1} + σ(i) tanh(n), h_t = σ(o) tanh(c_t)"),
    "gru": ("GRU", "h_t = u h_{t−1} + (1 − u) tanh(n), n = x W + r (h_{t−1} R + b)"),
}
GATES = {"simple_rnn": (0,), "lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}  # Keras's, in torch's order
STATES = {"simple_rnn": ("h0",), "lstm": ("h0", "c0"), "gru": ("h0",)}


def _drawn(*shape, seed):
    """Normal numbers; weights scaled so that the sums under the gates leave the gates open."""
    values = np.random.default_rng([41, seed]).normal(size=shape)
    values = values / (2 if shape[0] in (FEATURES, UNITS) else 1)
    return values.astype(np.float32).astype(np.float64)


def _part(function, place, *inputs):
    return function(*inputs)[place]


def _row(name):
    width = len(GATES[name]) * UNITS
    bias = (2, width) if name == "gru" else (width,)
    shapes = {"kernel": (FEATURES, width), "recurrent_kernel": (UNITS, width), "bias": bias}
    shapes |= dict.fromkeys(STATES[name], (len(MASK), UNITS))
    terms = getattr(reference, f"{name}_gradient_terms")
    bounds = {"h": Composition(magnitude=getattr(reference, f"{name}_terms"), stepwise=True)}
    for place, tensor in enumerate(("x", *shapes)):
        bounds[f"g_{tensor}"] = Composition(magnitude=partial(_part, terms, place), stepwise=True)
    layer, formula = FORMULAS[name]
    transposed = Layout(axes=(1, 0), gates=GATES[name])
    return Concept(
        name,
        "layers",
        formula=formula,
        gradient="backpropagation through time",
        conventions="a masked step leaves the states as they are",
        layer=layer,
        bounds=bounds,
        sample=lambda: Sample(
            _drawn(len(MASK), TIME * FEATURES, seed=0), {"drawn": slice(0, len(MASK))}
        ),
        inner=(TIME, FEATURES),
        parameters={
            n: partial(_drawn, *shape, seed=i) for i, (n, shape) in enumerate(shapes.items(), 1)
        },
        constants={"mask": lambda: MASK},
        shipped=False,  # each is compared with its built-in, as a layer with weights, in the tests
        modes=("eager",),  # a loop over time takes minutes to compile
        layouts={
            "kernel": transposed, "recurrent_kernel": transposed, "bias": Layout(gates=GATES[name])
        },
    )  # fmt: skip


RECURRENT = tuple(map(_row, FORMULAS))
