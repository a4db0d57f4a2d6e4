"""The one source of random numbers that both halves draw from, and weights drawn from it."""

from collections.abc import Mapping, Sequence

import numpy as np

from shared.weights.checking import fault
from shared.weights.moving import Model, by_layer, place
from shared.weights.sizes import filled, size_names

KINDS = ("uniform", "normal")


def standard_draw(kind: str, shape: int | Sequence[int], seed: int | Sequence[int]) -> np.ndarray:
    """Seeded float64 numbers of a standard distribution, the same for whoever asks.

    Args:
        kind: "uniform" for numbers in [0, 1), "normal" for mean 0 and standard deviation 1.
        shape: of the array; () gives a 0-d array.
        seed: what np.random.default_rng is seeded with, a whole number or a sequence of them.

    Raises:
        ValueError: the kind is neither.

    >>> standard_draw("uniform", (2, 3), seed=1).shape
    (2, 3)
    >>> bool((standard_draw("normal", 5, seed=1) == standard_draw("normal", 5, seed=1)).all())
    True
    """
    if kind not in KINDS:
        raise ValueError(f"standard_draw: unknown kind {kind!r}; choose one of {list(KINDS)}.")
    rng = np.random.default_rng(seed)
    values = rng.random(shape) if kind == "uniform" else rng.standard_normal(shape)
    return np.asarray(values)  # without it, the shape () would give a Python float


def draw(layer: Model, sizes: Mapping, seed: int) -> dict[str, np.ndarray]:
    """Weights to compare two halves with, in Keras's names and layouts.

    They are float64 arrays of float32 numbers, so that both precisions start from the same ones.
    None of them is 0 or 1 as an initializer's might be, so that no weight can be left out unseen.

    Args:
        layer: one layer or a model of them, as for `to_torch`.
        sizes: the layer's sizes as `layouts` names them; for a model one such mapping for each.
        seed: every weight has a stream of its own, from the seed and its place in the model.

    Raises:
        WeightError: a size is missing, unknown, or no whole number.

    >>> {n: w.shape for n, w in draw("LSTM", {"inputs": 3, "units": 2}, seed=0).items()}
    {'kernel': (3, 8), 'recurrent_kernel': (2, 8), 'bias': (8,)}
    """
    drawn = {}
    for i, (path, declared, given) in enumerate(by_layer(layer, sizes, "/")):
        _check_sizes(place(path, declared), declared, given)
        for j, weight in enumerate(declared.weights):
            for name, shape in weight.keras.items():
                values = _draw(weight.drawn, filled(shape, given), (seed, i, j))
                drawn["/".join((*path, name))] = values.astype(np.float32).astype(np.float64)
    return drawn


def _draw(kind, shape, seed):
    """Numbers for a weight declared "normal", "scaled" or "positive"."""
    if kind == "positive":  # a variance: not 0, nor far from 1
        return 0.5 + standard_draw("uniform", shape, seed)
    values = standard_draw("normal", shape, seed)
    if kind == "scaled":  # a kernel: the axes before the last are summed over, to a size near 1
        values /= np.sqrt(np.prod(shape[:-1]))
    return values


def _check_sizes(where, layer, given):
    shapes = layer.shapes("keras").values()
    wanted = dict.fromkeys(size for shape in shapes for size in size_names(shape))
    remedy = f"give the sizes {', '.join(wanted)}"
    for name in wanted:
        if name not in given:
            raise fault(where, name, "a size", "none", remedy)
    for name, size in given.items():
        if name not in wanted:
            raise fault(where, name, "no such size", repr(size), remedy)
        if not isinstance(size, int | np.integer) or size < 0:
            raise fault(where, name, "a whole number from 0", repr(size), remedy)
