"""What the tests of graphs share: both halves' graphs, points to draw them at, and verdicts."""

from itertools import pairwise
from types import ModuleType
from typing import NamedTuple

import numpy as np
import tensorflow as tf
import torch

import tf_impl.framework
import tf_impl.graph
import torch_impl.framework
import torch_impl.graph
from shared.comparison import compare

POINTS = np.random.default_rng(0).normal(size=(3, 6))


class Party(NamedTuple):
    """One half: its adapter, its graphs, and the framework's own functions such as cos."""

    framework: ModuleType
    graph: ModuleType
    functions: ModuleType


PARTIES = {
    party.framework.NAME: party
    for party in (
        Party(tf_impl.framework, tf_impl.graph, tf.math),
        Party(torch_impl.framework, torch_impl.graph, torch),
    )
}


def network_weights(layers, width, seed=0):
    """Normal numbers of variance 1 / rows for `layers` hidden layers: (1, n), (n, n) …, (n, 1)."""
    rng = np.random.default_rng(seed)
    sizes = [1, *[width] * layers, 1]
    return [rng.normal(scale=rows**-0.5, size=(rows, after)) for rows, after in pairwise(sizes)]


def arrays_of(sources):
    return dict(zip(sources, POINTS, strict=False))


def drawn(party, sources, steps):
    """The graph of the steps at `POINTS`, as the party draws it."""
    arrays = arrays_of(sources)
    return party.graph.build({n: party.framework.tensor(a) for n, a in arrays.items()}, steps)


def both(module, graph, w, o="o"):
    """∂o/∂w by the two algorithms, as NumPy arrays."""
    found = module.sum_over_paths(graph, w, o), module.backward(graph, o)[w]
    return [np.asarray(values) for values in found]


def assert_within(found, truth, bound):
    for values in found:
        worst = compare(values, truth, bound, "float64")
        assert worst.agrees, worst
