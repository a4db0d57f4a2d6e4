"""Derivatives on a computational graph in float64, the local ones derived by hand.

    y(i)  value of node i                z(i, j) = ∂y(j)/∂y(i)  local derivative of the edge (i, j)
    A(i)  the edges that leave node i    S(i, o) = ∂y(o)/∂y(i)  derivative of the output o

Both algorithms give S(w, o): one adds up the paths from w to o, Σ over paths of Π z(i, j); the
other goes backward from S(o, o) = 1 by S(i, o) = Σ_{j∈A(i)} S(j, o) z(i, j).

Source: Introduction to Deep Learning, Unit 1 (multivariate chain rule, dynamic programming).
"""

import math
from collections import namedtuple

import numpy as np

from shared.errata import DERIVATIVES
from shared.reference.activations import sigmoid, sigmoid_gradient, tanh, tanh_gradient

Edge = namedtuple("Edge", "i j z")

# name: the operation, and its derivatives by each of its arguments
OPERATIONS = {
    "add": (np.add, lambda a, b: (1.0, 1.0)),
    "subtract": (np.subtract, lambda a, b: (1.0, -1.0)),
    "multiply": (np.multiply, lambda a, b: (b, a)),
    "square": (np.square, lambda a: (2 * a,)),
    "sin": (np.sin, lambda a: (np.cos(a),)),
    "cos": (np.cos, lambda a: (-np.sin(a),)),
    "sigmoid": (sigmoid, lambda a: (sigmoid_gradient(1.0, a),)),
    "tanh": (tanh, lambda a: (tanh_gradient(1.0, a),)),
}


class ComputationalGraph:
    """Nodes in the order in which they were added: y, name -> y(i), and A, name -> edges.

    `nudge` stands for rounding: it is applied to each parent's value as a node reads it.
    """

    def __init__(self, nudge=lambda value: value):
        self.y, self.A, self.nudge = {}, {}, nudge

    def source(self, name, value):
        """Add a node whose value is given."""
        self.y[name], self.A[name] = np.asarray(value, np.float64), []
        return name

    def node(self, name, function, derivatives, *parents):
        """Add y(name) = function(*parents); `derivatives(*parents)` has one for each parent."""
        inputs = [self.nudge(self.y[i]) for i in parents]
        self.source(name, function(*inputs))
        for i, z in zip(parents, derivatives(*inputs), strict=True):
            self.A[i].append(Edge(i, name, z))
        return name


def build(sources, steps, nudge=lambda value: value):
    """The graph of a computation by `OPERATIONS`; see the halves for `sources` and `steps`."""
    graph = ComputationalGraph(nudge)
    for name, value in sources.items():
        like = graph.y[graph.source(name, value)]
    for name, operation, *parents in steps:
        if operation in OPERATIONS:
            graph.node(name, *OPERATIONS[operation], *parents)
        else:
            graph.source(name, np.full_like(like, operation))
    return graph


def network(w, weights, nudge=lambda value: value):
    """Fully connected layers of tanh between the one source w and the one output o."""
    graph = ComputationalGraph(nudge)
    layer = [graph.source("w", w)]
    for r, W in enumerate(weights, start=1):
        names = [f"h{r}_{k}" for k in range(W.shape[1])] if r < len(weights) else ["o"]
        for k, name in enumerate(names):
            graph.node(name, *_unit(W[:, k]), *layer)
        layer = names
    return graph


def _unit(W):
    """tanh(Σ W h), and its derivative by each h: W (1 − tanh²)."""

    def total(h):
        return sum(weight * value for weight, value in zip(W, h, strict=True))

    return lambda *h: tanh(total(h)), lambda *h: [w * tanh_gradient(1.0, total(h)) for w in W]


def paths(graph, w, o):
    """Every path from w to o, as the list of its edges."""
    if w == o:
        return [[]]
    return [[edge, *path] for edge in graph.A[w] for path in paths(graph, edge.j, o)]


def sum_over_paths(graph, w, o):
    """∂o/∂w = Σ over paths of Π z(i, j)."""
    products = (math.prod(z for *_, z in path) for path in paths(graph, w, o))
    return sum(products, start=np.zeros_like(graph.y[w]))


def backward(graph, o):
    """S(i, o) for every node i; 0 where no path leads to o."""
    S = {o: np.ones_like(graph.y[o])}
    for i in reversed(graph.y):
        terms = [S[j] * z for _, j, z in graph.A[i] if j in S]
        if terms:
            S[i] = sum(terms)
    return {i: S.get(i, np.zeros_like(value)) for i, value in graph.y.items()}


def worked_example(w, what, by="backward"):
    """One of the notes' expressions in one variable, as they write it."""
    return DERIVATIVES[what].value(np, w)


def worked_example_gradient(g, w, what, by="backward"):
    """Its derivative worked out on paper, without the graph that `by` would go through."""
    example = DERIVATIVES[what]
    return g * example.true[example.sources[0]](np, w)
