"""Inputs for clocks: the catalogue's own tensors at other sizes, with nothing unusual in them.

A tensor is drawn from the numbers that the catalogue drew for it, so that a probability stays one
and a variance stays positive. NaN, infinities, kinks and numbers below the normal ones are left
out: some processors take a hundred times longer over those.
"""

from dataclasses import dataclass, replace

import numpy as np

from shared.cases import Case
from shared.samples import SEED, WIDTH, Sample

FAR = 4  # beyond which built-ins lose digits that the catalogue asks for
JUDGED_ROWS = 16  # of the sample, evenly spread: verdicts are on these

# x of the families whose tensors all follow from it: (rows, columns)
TABLES = {
    "activations": {"tiny": (8, 96), "medium": (256, 768), "large": (4096, 768)},
    "losses": {"tiny": (192, 12), "medium": (2048, 96), "large": (32768, 96)},
}
# the length that means "columns" in the family's rows of the catalogue
COLUMNS = {"activations": WIDTH, "losses": 3}
IMAGES = {"tiny": (4, 8, 8, 3), "medium": (16, 16, 16, 48), "large": (64, 32, 32, 48)}
SEQUENCES = {"tiny": (4, 5, 8, 8), "medium": (16, 16, 16, 32), "large": (64, 32, 64, 64)}


def _linear(size):
    B, D, U = {"tiny": (8, 16, 16), "medium": (256, 256, 256), "large": (1024, 1024, 1024)}[size]
    return {"x": (B, D), "kernel": (D, U), "bias": (U,)}


def _conv2d(size):
    *x, U = {
        "tiny": (2, 8, 8, 3, 4),
        "medium": (16, 28, 28, 8, 16),
        "large": (64, 28, 28, 16, 32),
    }[size]
    return {"x": tuple(x), "kernel": (3, 3, x[-1], U), "bias": (U,)}


def _recurrent(gates, biases, states):
    def shapes(size):
        B, T, D, U = SEQUENCES[size]
        bias = (2, gates * U) if biases == 2 else (gates * U,)
        kernels = {"kernel": (D, gates * U), "recurrent_kernel": (U, gates * U)}
        first = dict.fromkeys(states, (B, U))
        return {"x": (B, T, D), **kernels, "bias": bias, **first}

    return shapes


def _image(*of_channels):
    return lambda size: {"x": IMAGES[size], **dict.fromkeys(of_channels, IMAGES[size][-1:])}


def _embedding(size):
    rows = {"tiny": (64, 12), "medium": (4096, 48), "large": (65536, 48)}[size]
    ids = {"tiny": (16, 16), "medium": (64, 64), "large": (256, 256)}[size]
    return {"embeddings": rows, "ids": ids}


def _table(size):
    return {"x": TABLES["activations"][size]}


def _normalized_rows(size):
    x = TABLES["activations"][size]
    return {"x": x, "gamma": x[1:], "beta": x[1:]}


def _dropped(size):
    return dict.fromkeys(("x", "keep"), TABLES["activations"][size])


LAYERS = {
    "linear": _linear,
    "conv2d": _conv2d,
    "flatten": _image(),
    "dropout": _dropped,
    "batch_norm": _image("gamma", "beta"),
    "batch_norm_inference": _image("gamma", "beta", "mean", "variance"),
    "layer_norm": _normalized_rows,
    "max_pool2d": _image(),
    "average_pool2d": _image(),
    "embedding": _embedding,
    "simple_rnn": _recurrent(1, 1, ("h0",)),
    "lstm": _recurrent(4, 1, ("h0", "c0")),
    "gru": _recurrent(3, 2, ("h0",)),
}


def shapes(concept, size) -> dict[str, tuple[int, ...]]:
    """Name -> shape of each tensor of a concept at a size.

    A row that no table names grows along the axis that its sample has its rows on.
    """
    small = {name: np.shape(values) for name, values in Case(concept, {}).tensors.items()}
    if concept.name in LAYERS:
        return {**small, **LAYERS[concept.name](size)}
    rows = TABLES.get(concept.family, TABLES["activations"])[size]
    first = len(concept.sample().values)
    lengths = {first: rows[0], COLUMNS.get(concept.family): rows[1]}
    if concept.family == "activations":  # whatever runs along a row there
        small[concept.x] = (first, WIDTH)
    return {name: tuple(lengths.get(n, n) for n in shape) for name, shape in small.items()}


def case(concept, size) -> Case:
    """The concept with its first options, at inputs of this size."""
    found = shapes(concept, size)
    rng = np.random.default_rng([SEED, 17])
    tensors = {n: _drawn(rng, concept, n, shape, found) for n, shape in found.items()}
    x = tensors.pop(concept.x)
    step = max(1, len(x) // JUDGED_ROWS)
    sample = Sample(x.reshape(len(x), -1), {"timed": slice(0, None, step)})
    fixed = {name: (lambda values=values: values) for name, values in tensors.items()}
    grown = replace(
        concept,
        sample=lambda: sample,
        inner=x.shape[1:],
        parameters={name: fixed[name] for name in concept.parameters},
        constants={name: fixed[name] for name in concept.constants},
        bounds={name: Once(bound) for name, bound in concept.bounds.items() if name != "second_x"},
    )
    return Case(grown, concept.options[0])


def _drawn(rng, concept, name, shape, found):
    """Values of a tensor at this shape, out of those that the catalogue has for it."""
    if name == concept.x:
        sample = concept.sample()
        drawn = sample.values[sample.parts["drawn"]]
        return rng.choice(drawn[np.abs(drawn) <= FAR], shape)
    values = {**concept.parameters, **concept.constants}[name]()
    if values.dtype.kind == "i":
        rows, *_, classes = found[concept.x]
        return rng.integers(0, rows if name == "ids" else classes, shape)
    if name == "y_true" and values.ndim == 2:  # whole rows: their sum may have to be 1
        wider = np.zeros(shape)
        wider[:, : values.shape[1]] = values[rng.integers(0, len(values), shape[0])]
        return wider
    drawn = rng.choice(values.ravel(), shape)
    if name.endswith("kernel") and len(shape) == 2:  # sums of more terms, and no larger ones
        drawn = (drawn * np.sqrt(len(values) / shape[0])).astype(np.float32).astype(np.float64)
    return drawn


class Once:
    """A bound whose size is worked out once, for all parties and modes that are judged by it."""

    def __init__(self, bound):
        self.bound, self.sizes = bound, {}

    def size(self, at, dtype):
        key = id(at), dtype
        if key not in self.sizes:  # `at` is kept too, lest its id be another one's
            self.sizes[key] = at, self.bound.size(at, dtype)
        return self.sizes[key][1]


@dataclass(frozen=True)
class OfRows(Case):
    """The case at some of its rows alone, for functions that take each row by itself.

    Parties are called with all of them.
    """

    whole: Case = None

    def call(self, party, dtype, mode, device):
        return self.whole.call(party, dtype, mode, device)


def judged(whole) -> tuple[Case, slice]:
    """The case to judge the results of `whole` by, and the rows of them that it is at."""
    concept = whole.concept
    if concept.family != "activations" or concept.parameters:
        return whole, slice(None)
    rows = whole.sample.parts["timed"]
    upstream = whole.upstream[rows] if whole.upstream is not None else None
    sample = Rows(whole.sample.values[rows], {"timed": slice(None)}, upstream)
    return OfRows(replace(concept, sample=lambda: sample), whole.options, whole), rows


@dataclass(frozen=True)
class Rows(Sample):
    """Rows of another sample, with their upstream gradients."""

    arriving: np.ndarray | None = None

    def upstream(self, shape, salt=0):
        return self.arriving
