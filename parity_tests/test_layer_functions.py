"""The layers' functions, in both halves and in every mode, against the float64 reference."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
import torch

from parity_tests.layer_concepts import BATCHED, CONCEPTS, CONV2D, HALVES, drawn, of_differentiated
from shared import parity
from shared.bounds import Evaluated
from shared.cases import Case, cases
from shared.comparison import gamma
from shared.evidence import PASS

KERAS_HALF, TORCH_HALF = HALVES
STEP = 2.0**-10

every_case = pytest.mark.parametrize(
    "case", cases(CONCEPTS), ids=lambda case: f"{case.concept.name} {case.label}"
)


def failures(chosen, dtype, mode, halves=HALVES):
    rows = parity.compare(chosen, halves, dtype, mode)
    compared = {(row.concept, row.tensor) for row in rows}
    assert compared == {(case.concept.name, tensor) for case in chosen for tensor in case.truth}
    return [row for row in rows if row.verdict != PASS]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_are_the_references(dtype):
    assert failures(cases(CONCEPTS), dtype, "eager") == []


@pytest.mark.parametrize("mode, dtype", [("graph", "float64"), ("compiled", "float32")])
def test_captured_and_compiled_they_are_the_references(mode, dtype):
    padded = Case(CONV2D, CONV2D.options[1])  # beside the first options of each
    lacking = {party.name: party.adapter.unavailable(mode) for party in HALVES}
    able = [party for party in HALVES if not lacking[party.name]]
    chosen = [*(Case(c, c.options[0]) for c in CONCEPTS), padded]
    assert failures(chosen, dtype, mode, able) == []
    if len(able) < len(HALVES):  # said once the other half has been seen to be right
        pytest.skip("; ".join(filter(None, lacking.values())))


def smooth(case):
    """The inputs, those of an activation without ties: there every function has a slope."""
    arrays = dict(case.tensors)
    return arrays if case.concept.x != "x" else {**arrays, "x": drawn(*case.x.shape, seed=20)}


def moved(arrays, directions, step):
    return {n: v + step * directions[n] if n in directions else v for n, v in arrays.items()}


def assert_slope(terms, size, slope):
    """The slope of Σ terms(step) at 0 is what central differences say.

    A central difference is off by a multiple of the square of its step, so that twice the step is
    off by four times as much. To that come the roundings of the terms, `size`, and of their sum.
    """
    near, far = (np.sum(terms(step) - terms(-step)) / (2 * step) for step in (STEP, 2 * STEP))
    here = np.abs(terms(0.0))
    rounding = np.sum(size + gamma(here.size, "float64") * (here + size)) / STEP
    assert abs(slope - near) <= abs(far - near) + 2 * rounding
    assert slope != 0


@every_case
def test_the_references_gradients_are_its_slopes(case):
    arrays, function = smooth(case), partial(case.concept.value, **case.options)
    h = function(*arrays.values())
    g = drawn(*h.shape, seed=21)
    size = np.abs(g) * case.bound("h").size(rounded(function, arrays, h, case), "float64")
    gradients = case.concept.derivative("gradient")(g, *arrays.values(), **case.options)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for name, gradient in zip(case.concept.differentiated, gradients, strict=True):
        along = {name: drawn(*gradient.shape, seed=22)}

        def terms(step, along=along):
            return g * function(*moved(arrays, along, step).values())

        assert_slope(terms, size, np.sum(gradient * along[name]))


def rounded(function, arrays, values, case):
    return Evaluated(function, tuple(arrays.values()), values, case.options)


@every_case
def test_torch_finds_the_gradients_to_be_the_slopes_in_both_orders(case):
    few = {n: v[:2] if n in BATCHED else v for n, v in smooth(case).items()}
    function, native = of_differentiated(TORCH_HALF, case, few)
    tensors = [torch.tensor(values, requires_grad=True) for values in native.values()]
    assert torch.autograd.gradcheck(function, tensors, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(function, tensors)


@every_case
def test_tensorflow_finds_the_second_derivatives_to_be_the_slopes_of_the_gradients(case):
    arrays = smooth(case)
    function, native = of_differentiated(KERAS_HALF, case, arrays)
    first = case.concept.differentiated[0]
    g = tf.constant(drawn(*function(*map(tf.constant, native.values())).shape, seed=23))
    directions = {name: drawn(*values.shape, seed=24) for name, values in native.items()}

    def terms(step):
        tensors = [tf.constant(v) for v in moved(native, directions, step).values()]
        return np.asarray(gradient(tensors) * directions[first])

    def gradient(tensors):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            h = function(*tensors)
        return tape.gradient(h, tensors[0], g)

    tensors = [tf.constant(values) for values in native.values()]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        total = tf.reduce_sum(gradient(tensors) * directions[first])
    second = tape.gradient(total, tensors, unconnected_gradients="zero")
    slope = sum(np.sum(s * directions[n]) for s, n in zip(second, native, strict=True))
    if len(native) == 1:  # each of these is linear in the only tensor that it differentiates
        assert slope == 0
        return
    at = (g.numpy(), *arrays.values())
    part = Evaluated(None, at, np.zeros(native[first].shape), case.options)
    assert_slope(
        terms, np.abs(directions[first]) * case.bound(f"g_{first}").size(part, "float64"), slope
    )
