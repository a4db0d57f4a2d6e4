"""The float64 reference is right: values and derivatives are held to arithmetic with 50 digits."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from shared.bounds import Ulps
from shared.cases import cases
from shared.catalogue import ACTIVATIONS
from shared.comparison import ORACLE_ULPS, compare
from shared.reference import activations
from shared.samples import Sample

mp = mpmath.mp.clone()  # a context of its own, so that no one else's precision changes
mp.dps = 50
many, exp, expm1, log, log1p, tanh, sech, cdf, pdf = (
    np.frompyfunc(f, 1, 1)
    for f in (mp.mpf, mp.exp, mp.expm1, mp.log, mp.log1p, mp.tanh, mp.sech, mp.ncdf, mp.npdf)
)


def sigmoid(x):
    return 1 / (1 + exp(-x))


def sigmoid_slope(x):
    return 1 / ((1 + exp(x)) * (1 + exp(-x)))


def softmax(x, axis=-1):
    return exp(x) / np.sum(exp(x), axis, keepdims=True)


def softmax_gradient(g, x, axis=-1):
    h = softmax(x, axis)
    return g * h - h * np.sum(g * h, axis, keepdims=True)


def softmax_second(v, g, x, axis=-1):
    # Σ v J g = Σ v g h − (Σ v h)(Σ g h), and the gradient of Σ c h is J c where c stays fixed
    h = softmax(x, axis)
    along_g, along_v = (np.sum(t * h, axis, keepdims=True) for t in (g, v))
    return softmax_gradient(v * g - v * along_g - g * along_v, x, axis)


def maxout_gradient(g, x, pieces):
    g_x = np.zeros_like(x)
    for *place, run in np.ndindex(g.shape):
        values = list(x[*place, run * pieces : (run + 1) * pieces])
        g_x[*place, run * pieces + values.index(max(values))] = g[*place, run]
    return g_x


VALUES = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x, negative_slope=0.01: np.where(x > 0, x, negative_slope * x),
    "prelu": lambda x, slope: np.maximum(x, 0) + slope * np.minimum(x, 0),
    "sigmoid": sigmoid,
    "tanh": tanh,
    "hard_tanh": lambda x: np.minimum(np.maximum(x, -1), 1),
    "softmax": softmax,
    "log_softmax": lambda x, axis=-1: x - log(np.sum(exp(x), axis, keepdims=True)),
    "maxout": lambda x, pieces: np.max(x.reshape(*x.shape[:-1], -1, pieces), axis=-1),
    "softplus": lambda x: log1p(exp(x)),
    "elu": lambda x, alpha=1.0: np.where(x > 0, x, alpha * expm1(x)),
    "gelu": lambda x: x * cdf(x),
    "silu": lambda x: x * sigmoid(x),
}
GRADIENTS = {
    "identity": lambda g, x: g,
    "relu": lambda g, x: np.where(x > 0, g, 0),
    "leaky_relu": lambda g, x, negative_slope=0.01: np.where(x > 0, g, negative_slope * g),
    "prelu": lambda g, x, slope: np.where(x > 0, g, slope * g),
    "sigmoid": lambda g, x: g * sigmoid_slope(x),
    "tanh": lambda g, x: g * sech(x) ** 2,
    "hard_tanh": lambda g, x: np.where(abs(x) < 1, g, 0),
    "softmax": softmax_gradient,
    "log_softmax": lambda g, x, axis=-1: g - softmax(x, axis) * np.sum(g, axis, keepdims=True),
    "maxout": maxout_gradient,
    "softplus": lambda g, x: g * sigmoid(x),
    "elu": lambda g, x, alpha=1.0: np.where(x > 0, g, g * alpha * exp(x)),
    "gelu": lambda g, x: g * (cdf(x) + x * pdf(x)),
    "silu": lambda g, x: g * (sigmoid(x) + x * sigmoid_slope(x)),
}
SECOND = {
    "sigmoid": lambda v, g, x: v * g * sigmoid_slope(x) * tanh(-x / 2),
    "tanh": lambda v, g, x: -2 * v * g * tanh(x) * sech(x) ** 2,
    "softmax": softmax_second,
    "log_softmax": lambda v, g, x, axis=-1: (
        -np.sum(g, axis, keepdims=True) * softmax_gradient(v, x, axis)
    ),
    "softplus": lambda v, g, x: v * g * sigmoid_slope(x),
    "elu": lambda v, g, x, alpha=1.0: np.where(x > 0, 0, v * g * alpha * exp(x)),
    "gelu": lambda v, g, x: v * g * pdf(x) * (2 - x**2),
    "silu": lambda v, g, x: v * g * sigmoid_slope(x) * (2 + x * tanh(-x / 2)),
}


def finite(draw):
    """The sample with its infinities and NaN replaced: those follow conventions, not formulas."""

    def sample():
        drawn = draw()
        return Sample(np.where(np.isfinite(drawn.values), drawn.values, 0.25), drawn.parts)

    return sample


CASES = cases(replace(concept, sample=finite(concept.sample)) for concept in ACTIVATIONS)
DRAWN = [[4], [12], [20]]  # a row each of normal numbers of size 0.1, 1 and 5: no kinks, no ties
SMOOTH = [case for case in CASES if case.concept.second_order]


def named(chosen):
    return pytest.mark.parametrize(
        "case", chosen, ids=lambda c: f"{c.concept.name} {c.label}".strip()
    )


def assert_right(case, tensor, exact, place=slice(None)):
    """The reference lies within a few ULP of `exact`, or what its own rounding may cost it."""
    _, at = case.truth[tensor]
    stated = case.bound(tensor)
    bound = (Ulps(ORACLE_ULPS) if isinstance(stated, Ulps) else stated).size(at, "float64")
    worst = compare(at.values[place], exact.astype(np.float64), bound[place], "float64")
    assert worst.agrees, worst


@named(CASES)
def test_values_are_right(case):
    exact = VALUES[case.concept.name](*map(many, case.inputs), **case.options)
    assert_right(case, "h", exact)


@named(CASES)
def test_gradients_are_right(case):
    exact = GRADIENTS[case.concept.name](
        many(case.upstream), *map(many, case.inputs), **case.options
    )
    assert_right(case, "g_x", exact)


@named(SMOOTH)
def test_second_derivatives_are_right(case):
    inputs = map(many, (case.direction, case.upstream, case.inputs[0]))
    assert_right(case, "second_x", SECOND[case.concept.name](*inputs, **case.options))


@named([case for case in CASES if case.concept.name == "prelu"])
def test_gradients_of_a_shared_parameter_are_right(case):
    x, g = many(case.inputs[0]), many(case.upstream)
    assert_right(case, "g_slope", np.sum(g * np.minimum(x, 0), axis=0))


@pytest.mark.parametrize(
    "shape, axes",
    [((), (0, 1, 2)), ((1,), (0, 1, 2)), ((4,), (0, 1)), ((3, 1), (0, 2)), ((2, 3, 4), ())],
    ids=str,
)
def test_a_shared_slope_gathers_over_the_axes_it_was_shared_along(shape, axes):
    x = np.arange(-12.0, 12.0).reshape(2, 3, 4)
    g = np.arange(1.0, 25.0).reshape(2, 3, 4)
    _, g_slope = activations.prelu_gradient(g, x, np.full(shape, 0.25))
    expected = np.sum(g * np.minimum(x, 0), axis=axes).reshape(shape)
    np.testing.assert_array_equal(g_slope, expected)
    assert g_slope.shape == shape


def units(shape):
    """One array for each place: 1 there and 0 elsewhere."""
    for place in np.ndindex(shape):
        unit = many(np.zeros(shape))
        unit[place] = mp.mpf(1)
        yield unit


@pytest.mark.parametrize("rows", DRAWN)
@named(CASES)
def test_gradients_are_the_slopes_of_the_values(case, rows):
    x, *parameters = map(many, case.inputs)
    g, x = many(case.upstream[rows]), x[rows]

    def total(x):
        return np.sum(g * VALUES[case.concept.name](x, *parameters, **case.options))

    slopes = [mp.diff(lambda t, e=e: total(x + t * e), 0) for e in units(x.shape)]
    assert_right(case, "g_x", np.reshape(slopes, x.shape), rows)


@pytest.mark.parametrize("rows", DRAWN)
@named(SMOOTH)
def test_second_derivatives_are_the_slopes_of_the_gradients(case, rows):
    v, g, x = (many(t[rows]) for t in (case.direction, case.upstream, case.inputs[0]))

    def total(x):
        return np.sum(g * VALUES[case.concept.name](x, **case.options))

    slopes = [
        mp.diff(lambda s, t, e=e: total(x + s * e + t * v), (0, 0), (1, 1)) for e in units(x.shape)
    ]
    assert_right(case, "second_x", np.reshape(slopes, x.shape), rows)
