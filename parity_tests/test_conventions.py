"""The written conventions hold to the bit: kinks, ties, infinities, NaN and numbers far out."""

from functools import cache, partial

import numpy as np
import pytest

from shared.catalogue import ACTIVATIONS
from shared.reference import activations as reference

inf, nan = np.inf, np.nan
SMOOTH = [-inf, -1e4, -200, 200, 1e4, inf, nan]
KINKED = [-inf, -1e4, -200, -1, -0.5, -0.0, 0.0, 0.5, 1, 200, 1e4, inf, nan]
# a tie, NaN among numbers, equal infinities, three equal, a plain winner
RUNS = [[1, 1, 0], [nan, 2, 1], [1, 2, nan], [-inf, -inf, -inf], [3, 3, 3], [0, 2, 1]]
# huge and equal, huge and opposite, masked, all masked, infinite, NaN: no row spoils another
PAIRS = [[1e4, 1e4], [1e4, -1e4], [-inf, 5], [-inf, -inf], [inf, 0], [nan, 0], [-200, 200]]
SLOPE = {"negative_slope": 0.5}

# name: x, h, g_x where g = 2, options
POINTS = {
    "identity": (SMOOTH, SMOOTH, [2] * 7, {}),
    "relu": (
        KINKED,
        [0, 0, 0, 0, 0, 0, 0, 0.5, 1, 200, 1e4, inf, nan],
        [0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 0],
        {},
    ),
    "leaky_relu": (
        KINKED,
        [-inf, -5e3, -100, -0.5, -0.25, 0, 0, 0.5, 1, 200, 1e4, inf, nan],
        [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 1],
        SLOPE,
    ),
    "hard_tanh": (
        KINKED,
        [-1, -1, -1, -1, -0.5, 0, 0, 0.5, 1, 1, 1, 1, nan],
        [0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0, 0],
        {},
    ),
    "sigmoid": (SMOOTH, [0, 0, 0, 1, 1, 1, nan], [0, 0, 0, 0, 0, 0, nan], {}),
    "tanh": (SMOOTH, [-1, -1, -1, 1, 1, 1, nan], [0, 0, 0, 0, 0, 0, nan], {}),
    "softplus": (SMOOTH, [0, 0, 0, 200, 1e4, inf, nan], [0, 0, 0, 2, 2, 2, nan], {}),
    "elu": (
        [*SMOOTH, -0.0, 0.0],
        [-0.5, -0.5, -0.5, 200, 1e4, inf, nan, 0, 0],
        [0, 0, 0, 2, 2, 2, nan, 1, 1],
        {"alpha": 0.5},
    ),
    "gelu": (SMOOTH, [nan, 0, 0, 200, 1e4, inf, nan], [nan, 0, 0, 2, 2, nan, nan], {}),
    "silu": (SMOOTH, [nan, 0, 0, 200, 1e4, inf, nan], [nan, 0, 0, 2, 2, nan, nan], {}),
    "maxout": (
        RUNS,
        [[1], [nan], [nan], [-inf], [3], [2]],
        [[2, 0, 0], [2, 0, 0], [2, 0, 0], [2, 0, 0], [2, 0, 0], [0, 2, 0]],
        {"pieces": 3},
    ),
    "softmax": (
        PAIRS,
        [[0.5, 0.5], [1, 0], [0, 1], [nan, nan], [nan, nan], [nan, nan], [0, 1]],
        [[0, 0], [0, 0], [0, 0], [nan, nan], [nan, nan], [nan, nan], [0, 0]],
        {},
    ),
    "log_softmax": (
        PAIRS[1:],
        [[0, -2e4], [-inf, 0], [nan, nan], [nan, nan], [nan, nan], [-400, 0]],
        [[-2, 2], [2, -2], [nan, nan], [nan, nan], [nan, nan], [2, -2]],
        {},
    ),
}


def call(name):
    """The inputs and upstream gradient for a name: float32 arrays."""
    x, h, _, _ = POINTS[name]
    return (np.array(x, np.float32),), np.full(np.shape(h), 2, np.float32)


@cache
def measured(half, mode):
    """Name -> (h, g_x) as a half computes them in a mode, all in one graph."""
    functions = [
        partial(getattr(half.activations, name), **half.dialect.options(options))
        for name, (*_, options) in POINTS.items()
    ]
    calls = [(f, *call(name), None) for name, f in zip(POINTS, functions, strict=True)]
    results = half.framework.evaluate(calls, mode)
    return {name: (h, g_x) for name, (h, (g_x,), _) in zip(POINTS, results, strict=True)}


@np.errstate(all="ignore")
def of_reference(name):
    (x,), g = call(name)
    options = POINTS[name][-1]
    h = getattr(reference, name)(x.astype(np.float64), **options)
    g_x = getattr(reference, f"{name}_gradient")(g, x.astype(np.float64), **options)
    return np.float32(h), np.float32(g_x)


def assert_conventions(name, h, g_x):
    _, expected, slopes, _ = POINTS[name]
    np.testing.assert_array_equal(h, np.float32(expected))
    np.testing.assert_array_equal(g_x, np.float32(slopes))


@pytest.mark.parametrize("name", POINTS)
def test_the_reference_keeps_the_conventions(name):
    assert_conventions(name, *of_reference(name))


@pytest.mark.parametrize("mode", ["eager", "compiled"], indirect=True)
@pytest.mark.parametrize("name", POINTS)
def test_both_halves_keep_the_conventions(half, name, mode):
    assert_conventions(name, *measured(half, mode)[name])


def test_prelu_keeps_the_conventions_of_leaky_relu(half):
    x, h, g_x, _ = POINTS["leaky_relu"]
    slope = np.full(1, 0.5, np.float32)
    value, (slopes, of_slope) = half.framework.value_and_gradients(
        half.activations.prelu, np.float32(x), slope, upstream=np.full(len(x), 2, np.float32)
    )
    np.testing.assert_array_equal(value, np.float32(h))
    np.testing.assert_array_equal(slopes, np.float32(g_x))
    np.testing.assert_array_equal(of_slope, [nan])  # a sum over −∞, +∞ and NaN


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_shift_of_the_row_changes_no_bit(half, name):
    x = np.array([[0, 1, 2, 7], [-3, 0.5, 0.25, 3]])
    for shift in (64, -512):  # exact in binary
        values = [
            half.framework.array(getattr(half.activations, name)(half.framework.tensor(t)))
            for t in (x, x + shift)
        ]
        np.testing.assert_array_equal(*values)


def test_every_activation_has_its_conventions_tested():
    assert {*POINTS, "prelu"} == {concept.name for concept in ACTIVATIONS}
