"""How far rounding may carry a value or a derivative on a computational graph.

A running error analysis on the float64 reference, to first order in the unit roundoff u. Graphs are
given as `build(nudge)`, which stands for rounding as in `shared.reference.graph`.
"""

import math
from collections import Counter

import numpy as np

from shared.comparison import gamma, sensitivity, unit_roundoff
from shared.reference.graph import backward, paths

ROUNDINGS = 16  # 8 ULP, for an operation as for its slope: 1/(1 + e^−x) written out takes 13


def value_bound(build, o, dtype):
    """How far rounding may carry y(o).

    A node's value is off by ROUNDINGS, and by as many more as it has parents where it multiplies
    and adds them up: that far each of its readers is nudged, one after the other.
    """
    movement = _movement(build, lambda graph: graph.y[o]) + np.abs(build().y[o])
    return _roundings(build()) * unit_roundoff(dtype) * movement


def derivative_bound(build, w, o, dtype):
    """How far rounding may carry S(w, o), by either algorithm.

    Beside the values, slopes are off by ROUNDINGS, and each product along a path and each sum of
    paths by one: γ_n Σ over paths of Π |z|. However the paths are added, none takes part in more
    sums than there are paths.
    """
    graph = build()
    movement = _movement(build, lambda graph: backward(graph, o)[w])
    routes = paths(graph, w, o)
    terms = len(routes) + (ROUNDINGS + 1) * max(map(len, routes), default=0)
    sizes = sum(np.abs(math.prod(z for *_, z in path)) for path in routes)
    return _roundings(graph) * unit_roundoff(dtype) * movement + gamma(terms, dtype) * sizes


def _roundings(graph):
    parents = Counter(edge.j for edges in graph.A.values() for edge in edges)
    return ROUNDINGS + max(parents.values(), default=0)


def _movement(build, quantity):
    """Σ over edges of how far the quantity moves, in units of u, as the edge is read with one u."""

    def nudged(*factors):
        left = iter(factors)
        return quantity(build(lambda value: value * next(left)))

    return sensitivity(nudged, np.ones(sum(map(len, build().A.values()))))
