"""Both algorithms on a graph equal each other, the framework's own gradient and the reference."""

from functools import partial

import numpy as np
import pytest

from parity_tests.graphs import (
    PARTIES,
    POINTS,
    arrays_of,
    assert_within,
    both,
    drawn,
    network_weights,
)
from shared.comparison import gamma, ulp_bound, unit_roundoff
from shared.graph_bounds import ROUNDINGS, derivative_bound, value_bound
from shared.reference import graph as reference
from shared.reference.activations import tanh_gradient

STEP = 2.0**-24  # what slopes taken with the step 2^−26 may be off by here, relatively


@pytest.fixture
def party(half):
    return PARTIES[half.framework.NAME]


def test_a_parent_that_comes_twice_has_two_edges(party):
    graph = drawn(party, "y", [("o", "multiply", "y", "y"), ("n", "subtract", "o", "o")])
    assert [edge.j for edge in graph.A["y"]] == ["o", "o"]
    for S in both(party.graph, graph, "y"):
        assert (2 * POINTS[0] == S).all()
    for S in both(party.graph, graph, "y", "n"):
        assert (S == 0).all()


def random_steps(seed, count=10):
    """Each node of an operation on one or two of the nodes before it, late ones above all."""
    rng = np.random.default_rng(seed)
    names, steps = ["a", "b", "c"], []
    for step in range(count):
        operation = str(rng.choice(list(reference.OPERATIONS)))
        arity = 2 if operation in ("add", "subtract", "multiply") else 1
        name = "o" if step == count - 1 else f"n{step}"
        steps.append((name, operation, *map(str, rng.choice(names[-4:], arity))))
        names.append(name)
    return steps


@pytest.mark.parametrize("seed", range(8))
def test_random_graphs(party, seed):
    steps = random_steps(seed)
    build = partial(reference.build, arrays_of("abc"), steps)
    graph, by_hand = drawn(party, "abc", steps), build()

    def whole(*values):
        return party.graph.build(dict(zip("abc", values, strict=True)), steps).y["o"]

    _, own = party.framework.value_and_gradients(whole, *POINTS)
    own = dict(zip("abc", own, strict=True))
    for w in graph.y:
        found = [*both(party.graph, graph, w), reference.sum_over_paths(by_hand, w, "o")]
        if own.get(w) is not None:
            found.append(own[w])
        bound = derivative_bound(build, w, "o", "float64")
        assert_within(found, reference.backward(by_hand, "o")[w], 2 * bound)
        paths = sum(1 for _ in party.graph.paths(graph, w, "o"))
        assert paths == party.graph.count_paths(graph, w, "o")


@pytest.mark.parametrize("layers", [1, 4, 10])
def test_a_network_has_twice_the_paths_for_each_layer(party, layers):
    w, weights = np.array([-0.3, 0.8]), network_weights(layers, width=2)
    build = partial(reference.network, w, weights)

    def network(w):
        return party.graph.network(w, [party.framework.tensor(W) for W in weights])

    graph = network(party.framework.tensor(w))
    _, (own,) = party.framework.value_and_gradients(lambda w: network(w).y["o"], w)
    bound = derivative_bound(build, "w", "o", "float64")
    found = [*both(party.graph, graph, "w"), own, reference.sum_over_paths(build(), "w", "o")]
    assert_within(found, reference.backward(build(), "o")["w"], 2 * bound)
    assert party.graph.count_paths(graph, "w", "o") == 2**layers
    assert sum(map(len, graph.A.values())) == 4 * layers


def test_local_derivatives_of_a_network_as_the_notes_give_them(party):
    """z(4, 6) = weight × Φ'(a) of node 6 in post-activation variables; of node 4 in the others."""
    tensor, weight = party.framework.tensor, 0.5  # exact, and so is its product
    tanh = party.graph.OPERATIONS["tanh"]
    graph = party.graph.network(tensor(POINTS), [tensor(np.array([[weight]]))])
    pre = party.graph.ComputationalGraph()
    pre.source("4", tensor(POINTS))
    pre.node("6", lambda a: weight * tanh(a), "4")
    for z, a in ((graph.A["w"][0].z, weight * POINTS), (pre.A["4"][0].z, POINTS)):
        slope = weight * tanh_gradient(1.0, a)
        assert_within([np.asarray(z)], slope, 2 * ulp_bound(slope, "float64", 4))


def test_nodes_that_do_not_lead_to_the_output_do_not_count(party):
    graph = party.graph.ComputationalGraph()
    w = graph.source("w", party.framework.tensor(POINTS))
    graph.node("o", lambda x: x * x, w)
    graph.node("side", lambda x: 1 / (x - x), w)  # infinite, and so is its slope
    graph.node("beyond", lambda x: x * x, "o")
    S = {i: np.asarray(value) for i, value in party.graph.backward(graph, "o").items()}
    assert (S["w"] == 2 * POINTS).all()
    assert (S["o"] == 1).all() and not S["side"].any() and not S["beyond"].any()
    assert (np.asarray(party.graph.sum_over_paths(graph, w, "o")) == 2 * POINTS).all()
    assert party.graph.count_paths(graph, "beyond", "o") == 0


def test_a_deep_chain_needs_no_deep_recursion(party):
    depth = 1100  # beyond Python's limit of nested calls
    graph = party.graph.ComputationalGraph()
    name = graph.source("0", party.framework.tensor(np.array(1.5)))
    for k in range(1, depth + 1):
        name = graph.node(str(k), lambda x: -x, name)
    assert [float(S) for S in both(party.graph, graph, "0", name)] == [(-1.0) ** depth] * 2
    assert party.graph.count_paths(graph, "0", name) == 1


@pytest.mark.parametrize(
    ("error", "said", "wrong"),
    [
        (ValueError, "there is a node 'w' already", lambda m, g, one: g.source("w", one)),
        (ValueError, "'w' already", lambda m, g, one: g.node("w", lambda x: x, "w")),
        (ValueError, "'o' has no parents", lambda m, g, one: g.node("o", lambda: one)),
        (ValueError, "'o' has the shape None", lambda m, g, one: g.node("o", lambda x: 7, "w")),
        (ValueError, "'o' has the shape", lambda m, g, one: g.node("o", lambda x: x[None], "w")),
        (KeyError, "no node is called 'q'; there are ['w']",
         lambda m, g, one: g.node("o", lambda x: x, "q")),
        (KeyError, "called 'o'", lambda m, g, one: g.node("o", lambda x: x, "o")),
        (KeyError, "called 'q'", lambda m, g, one: m.backward(g, "q")),
        (KeyError, "called 'q'", lambda m, g, one: m.sum_over_paths(g, "w", "q")),
        (KeyError, "called 'q'", lambda m, g, one: m.sum_over_paths(g, "q", "w")),
        (KeyError, "called 'q'", lambda m, g, one: m.count_paths(g, "w", "q")),
        (KeyError, "called 'q'", lambda m, g, one: next(m.paths(g, "q", "w"))),
        (KeyError, "no operation 'root'", lambda m, g, one: m.build({"w": one}, [("o", "root")])),
        (ValueError, "W of layer 1 has the shape (2,), needs (1, 2)",
         lambda m, g, one: m.network(one, [np.ones(2), np.ones((2, 1))])),
        (ValueError, "W of layer 2 has the shape (1, 1), needs (2, 1)",
         lambda m, g, one: m.network(one, [np.ones((1, 2)), np.ones((1, 1))])),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(party, error, said, wrong):
    graph, one = party.graph.ComputationalGraph(), party.framework.tensor(np.array(1.0))
    graph.source("w", one)
    with pytest.raises(error) as refused:
        wrong(party.graph, graph, one)
    assert said in refused.value.args[0]
    assert list(graph.y) == ["w"] and graph.A == {"w": []}


def test_an_integer_node_is_refused(party):
    with pytest.raises(TypeError, match=r"node 'w' needs a floating-point tensor, got .*int64"):
        party.graph.ComputationalGraph().source("w", party.framework.tensor(np.array(1)))


def test_the_bounds_of_a_graph_worked_out_by_hand():
    """o = w² + w: reading w moves o by 2w² and by w, reading w² by w²; S = 2w + 1 by 2w."""
    w = np.array([0.5, -3.0])
    build = partial(reference.build, {"w": w}, [("y", "square", "w"), ("o", "add", "y", "w")])
    u, each = unit_roundoff("float32"), ROUNDINGS + 2  # one more for each of two parents
    value = each * u * (3 * w**2 + np.abs(w) + np.abs(w**2 + w))
    products = gamma(2 + 2 * (ROUNDINGS + 1), "float32") * (2 * np.abs(w) + 1)  # 2 paths, 2 long
    derivative = each * u * 2 * np.abs(w) + products
    np.testing.assert_allclose(value_bound(build, "o", "float32"), value, rtol=STEP)
    np.testing.assert_allclose(derivative_bound(build, "w", "o", "float32"), derivative, rtol=STEP)


def test_the_reference_refuses_derivatives_that_do_not_fit():
    graph = reference.build({"w": 1.0}, [])
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        graph.node("o", np.add, lambda a, b: [1.0], "w", "w")
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        reference.network(1.0, [np.ones((2, 1))])
