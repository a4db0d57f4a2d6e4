"""The notes' expressions of one variable, each gradient found on its graph by either algorithm."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from shared import comparison
from shared.catalogue.concept import Concept
from shared.errata import DERIVATIVES
from shared.graph_bounds import derivative_bound, value_bound
from shared.reference import graph as reference
from shared.samples import Sample

ALGORITHMS = ("backward", "sum_over_paths")
FIRST = "cos(w²) + sin(w²), Figure 3.3"  # two paths of three edges each
CONSTANT = "7"  # left to the tests: to a gradient that no edge leads to, frameworks give no tensor
SINGLE = tuple(
    what
    for what in sorted(DERIVATIVES, key=FIRST.__ne__)
    if len(DERIVATIVES[what].sources) == 1 and what != CONSTANT
)


@dataclass(frozen=True)
class OnGraph:
    """A bound worked out on the reference's graph of the example that the options name."""

    of: Callable  # (build, source, dtype, *inputs before the source) -> array

    def size(self, at, dtype) -> np.ndarray:
        example, (*upstream, w) = DERIVATIVES[at.options["what"]], at.inputs
        [source] = example.sources
        build = partial(reference.build, {source: w}, example.steps)
        return self.of(build, source, dtype, *upstream)


def _value(build, source, dtype):
    return value_bound(build, "o", dtype)


def _gradient(build, source, dtype, g):
    # the product with g is rounded once more
    S = reference.backward(build(), "o")[source]
    return np.abs(g) * derivative_bound(build, source, "o", dtype) + comparison.ulp(g * S, dtype)


@cache
def _sample():
    values = 1.5 * np.random.default_rng(41).normal(size=(16, 1))
    return Sample(values.astype(np.float32).astype(np.float64), {"drawn": slice(0, 16)})


GRAPH = (
    Concept(
        "worked_example",
        "graph",
        formula="o(w), node by node",
        gradient="S(i, o) = Σ_{j∈A(i)} S(j, o) z(i, j), or Σ over paths of Π z(i, j)",
        conventions="a node that is reached twice has two edges",
        bounds={"h": OnGraph(_value), "g_w": OnGraph(_gradient)},
        sample=_sample,
        inner=(1,),
        x="w",
        options=tuple({"what": what, "by": by} for what in SINGLE for by in ALGORITHMS),
    ),
)
