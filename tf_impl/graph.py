"""The chain rule on a computational graph: paths added up, and dynamic programming backward.

    y(i)  value of node i                z(i, j) = ∂y(j)/∂y(i)  local derivative of the edge (i, j)
    A(i)  the edges that leave node i    S(i, o) = ∂y(o)/∂y(i)  derivative of the output o

The tape is asked for the local derivatives alone; how they combine is written out here, twice, at
very different costs: `sum_over_paths` grows with the number of paths, `backward` with that of the
edges.

Source: Introduction to Deep Learning, Unit 1 (multivariate chain rule, dynamic programming).
"""

from collections import namedtuple
from functools import partial

import tensorflow as tf

from shared.errata import DERIVATIVES
from tf_impl.activations import sigmoid, tanh
from tf_impl.framework import differentiable, is_floating

Edge = namedtuple("Edge", "i j z")

OPERATIONS = {
    "add": tf.add, "subtract": tf.subtract, "multiply": tf.multiply,
    "square": tf.square, "sin": tf.sin, "cos": tf.cos, "sigmoid": sigmoid, "tanh": tanh,
}  # fmt: skip


class ComputationalGraph:
    """Nodes with their values y(i), and edges with their local derivatives z(i, j).

    A node is made of nodes that are there already: no cycle can arise, and the order in which they
    were added is one in which they can be computed. It holds a number, or an array of numbers that
    have nothing to do with each other: then each of them has a graph of its own.

    >>> graph = ComputationalGraph()  # o = cos(w²) + sin(w²)
    >>> w = graph.source("w", tf.constant(1.5))
    >>> y = graph.node("y", tf.square, w)
    >>> o = graph.node("o", tf.add, graph.node("p", tf.cos, y), graph.node("q", tf.sin, y))
    >>> count_paths(graph, w, o)
    2
    >>> bool(abs(backward(graph, o)[w] - sum_over_paths(graph, w, o)) < 1e-6)
    True
    """

    def __init__(self):
        self.y = {}  # name -> y(i), in the order in which the nodes were added
        self.A = {}  # name -> the edges that leave the node

    def source(self, name, value):
        """Add a node whose value, a floating-point tensor, is given; returns its name."""
        value = tf.convert_to_tensor(value)
        if name in self.y:
            raise ValueError(f"there is a node {name!r} already: give each node its own name")
        if not is_floating(value):
            raise TypeError(f"node {name!r} needs a floating-point tensor, got {value.dtype.name}")
        self.y[name], self.A[name] = value, []
        return name

    def node(self, name, function, *parents):
        """Add y(name) = function(*parents), with an edge from each parent; returns the name.

        The function takes the value of each parent, which may come more than once, and returns a
        tensor of their shape, each element made of the elements in its place. Another shape, or no
        parent, is a ValueError; an unknown parent is a KeyError.
        """
        self.check(*parents)
        if not parents:
            raise ValueError(f"node {name!r} has no parents: add what is given with source()")
        value, slopes = _value_and_slopes(name, function, [self.y[i] for i in parents])
        self.source(name, value)
        for i, z in zip(parents, slopes, strict=True):
            self.A[i].append(Edge(i, name, z))
        return name

    def check(self, *names):
        """Raise a KeyError, with the names there are, unless all of these are nodes."""
        for name in names:
            if name not in self.y:
                raise KeyError(f"no node is called {name!r}; there are {list(self.y)}")


def _value_and_slopes(name, function, inputs):
    # a parent that comes twice becomes two inputs, each with a slope of its own
    inputs = [tf.identity(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
        _check_shape(name, y, inputs)
    # z(i, j) = ∂y(j)/∂y(i)
    return y, tape.gradient(y, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _check_shape(name, y, inputs):
    shape = getattr(y, "shape", None)
    if any(shape != x.shape for x in inputs):
        raise ValueError(
            f"node {name!r} has the shape {shape}, its parents {[x.shape for x in inputs]}: all "
            f"must be one, since a function of nodes works element by element"
        )


def build(sources, steps):
    """The graph of a computation that is written down as data.

    `sources` maps a name to a tensor, all of one shape. A step is (name, operation, *parents), the
    operation one of `OPERATIONS` by name, or (name, number) for a constant.

    >>> graph = build({"x": tf.constant(2.0)}, [("nine", 9.0), ("o", "multiply", "nine", "x")])
    >>> float(graph.y["o"]), float(backward(graph, "o")["x"])
    (18.0, 9.0)
    """
    graph = ComputationalGraph()
    for name, value in sources.items():
        like = graph.y[graph.source(name, value)]
    for name, operation, *parents in steps:
        if isinstance(operation, int | float):
            graph.source(name, tf.zeros_like(like) + operation)
        elif operation in OPERATIONS:
            graph.node(name, OPERATIONS[operation], *parents)
        else:
            raise KeyError(f"no operation {operation!r}; there are {list(OPERATIONS)}")
    return graph


def network(w, weights, activation=tanh):
    """The graph of fully connected layers between the one source "w" and the one output "o".

    Each W of the weights has the shape (nodes before, nodes after), so that the first has one row
    and the last one column; hidden nodes are called h1_0, h1_1 … h2_0 …, by layer.

    >>> graph = network(tf.constant(1.0), [tf.ones((1, 2)), tf.ones((2, 2)), tf.ones((2, 1))])
    >>> list(graph.y), count_paths(graph, "w", "o")
    (['w', 'h1_0', 'h1_1', 'h2_0', 'h2_1', 'o'], 4)
    """
    graph = ComputationalGraph()
    layer = [graph.source("w", w)]
    for r, W in enumerate(weights, start=1):
        shape = len(layer), 1 if r == len(weights) else W.shape[-1]
        if tuple(W.shape) != shape:
            raise ValueError(f"W of layer {r} has the shape {tuple(W.shape)}, needs {shape}")
        names = [f"h{r}_{k}" for k in range(W.shape[1])] if r < len(weights) else ["o"]
        for k, name in enumerate(names):
            graph.node(name, partial(_unit, W[:, k], activation), *layer)
        layer = names
    return graph


def _unit(W, activation, *h):
    # z = Σ W h
    z = sum(W[i] * value for i, value in enumerate(h))
    # h = Φ(z)
    return activation(z)


def paths(graph, w, o):
    """Every path from w to o in turn, as the tuple of its edges; the one from o to o has none."""
    graph.check(w, o)
    unfinished = [(w, ())]
    while unfinished:
        i, path = unfinished.pop()
        if i == o:
            yield path
        else:
            unfinished.extend((edge.j, (*path, edge)) for edge in reversed(graph.A[i]))


def count_paths(graph, w, o):
    """How many paths lead from w to o, following none: as `backward` does, with every z = 1."""
    graph.check(w, o)
    count = {**dict.fromkeys(graph.y, 0), o: 1}
    for i in reversed(graph.y):
        count[i] += sum(count[edge.j] for edge in graph.A[i])
    return count[w]


def sum_over_paths(graph, w, o):
    """∂o/∂w path by path: as many products as paths, 0 if there are none.

    In a network each layer multiplies the number of paths, and the cost, by the layer's width.
    """
    graph.check(w, o)
    S = tf.zeros_like(graph.y[w])
    for path in paths(graph, w, o):
        product = tf.ones_like(S)
        for edge in path:
            # Π = Π · z(i, j)
            product = product * edge.z
        # S = Σ over paths of Π
        S = S + product
    return S


def backward(graph, o):
    """S(i, o) = ∂o/∂y(i) for every node i, by name; 0 where no path leads from i to o.

    One multiplication for each edge from which o can be reached.
    """
    graph.check(o)
    # S(o, o) = 1
    S = {o: tf.ones_like(graph.y[o])}
    for i in reversed(graph.y):
        terms = [S[edge.j] * edge.z for edge in graph.A[i] if edge.j in S]
        if terms:
            # S(i, o) = Σ_{j∈A(i)} S(j, o) z(i, j)
            S[i] = sum(terms)
    return {i: S[i] if i in S else tf.zeros_like(y) for i, y in graph.y.items()}


ALGORITHMS = {
    "backward": lambda graph, w, o: backward(graph, o)[w],
    "sum_over_paths": sum_over_paths,
}


def worked_example_gradient(g, h, w, what, by):
    example = DERIVATIVES[what]
    graph = build({example.sources[0]: w}, example.steps)
    # g_w = g ∂o/∂w
    return g * ALGORITHMS[by](graph, example.sources[0], "o")


@differentiable(worked_example_gradient)
def worked_example(w, what, by="backward"):
    """One of the notes' expressions in one variable, its gradient found on its graph.

    `what` is a key of `shared.errata.DERIVATIVES`, `by` one of `ALGORITHMS`.

    >>> float(worked_example(tf.constant(2.0), "9x", by="sum_over_paths"))
    18.0
    """
    example = DERIVATIVES[what]
    return build({example.sources[0]: w}, example.steps).y["o"]
