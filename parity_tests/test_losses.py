"""Losses: the reference is right, and both halves and what the frameworks ship equal it."""

from dataclasses import replace
from functools import cache, partial

import mpmath
import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.losses
import torch_impl.losses
from parity_tests.loss_cases import (
    CASES,
    OF_LABELS,
    every_case,
    normal,
    of,
    ours,
)
from shared.bounds import Evaluated
from shared.catalogue.losses import BOUNDS, REDUCE, softmax_parts
from shared.comparison import compare

mp = mpmath.mp.clone()  # a context of its own, so that no one else's precision changes
mp.dps = 50
many, exp, log, log1p = (np.frompyfunc(f, 1, 1) for f in (mp.mpf, mp.exp, mp.log, mp.log1p))


# the loss of each sample or element, as it is written down
EXACT = {
    "squared_error": lambda y, p: np.sum((p - y) ** 2, 1),
    "mean_squared_error": lambda y, p: (p - y) ** 2,
    "binary_cross_entropy": lambda y, p: -y * log(p) - (1 - y) * log1p(-p),
    "binary_cross_entropy_with_logits": lambda y, x: y * log1p(exp(-x)) + (1 - y) * log1p(exp(x)),
    "softmax_cross_entropy": lambda y, x: np.sum(
        y * (log(np.sum(exp(x), 1, keepdims=True)) - x), 1
    ),
    "l2_penalty": lambda W, weight: weight * np.sum(W**2),
    "sparsity_penalty": lambda h, target, weight: weight * np.sum(
        target * log(target / np.mean(h, 0))
        + (1 - target) * log((1 - target) / (1 - np.mean(h, 0)))
    ),
    "contractive_penalty": lambda h, W: np.sum((h * (1 - h)) ** 2 * np.sum(W**2, 0), 1),
}  # fmt: skip


def exact(case, tensors):
    """The value at other tensors, all numbers having 50 digits."""
    options = {name: value for name, value in case.options.items() if name != "reduction"}
    labels = [many(softmax_parts(y, case.tensors[0])[0]) for y in case.labels]
    losses = EXACT[case.name](*labels, *tensors, **options)
    return REDUCE[case.options.get("reduction", "none")](losses)


def units(values):
    """One array for each place: 1 there and 0 elsewhere."""
    return many(np.eye(values.size).reshape(-1, *values.shape))


def slopes(case, place):
    """∂ Σ g ⊙ value / ∂ tensors[place], by differences."""

    def along(unit, t):
        tensors = [many(values) for values in case.tensors]
        tensors[place] = tensors[place] + t * unit
        return np.sum(case.g * exact(case, tensors))

    values = case.tensors[place]
    found = [mp.diff(partial(along, unit), 0) for unit in units(values)]
    return np.reshape(found, values.shape).astype(np.float64)


@every_case
def test_the_reference_is_right(case):
    value = np.asarray(exact(case, [many(values) for values in case.tensors]), np.float64)
    case.assert_right([value, *(slopes(case, i) for i, _ in enumerate(case.tensors))], "float64")


@pytest.mark.parametrize("case", [c for c in CASES if "second" in BOUNDS[c.name]], ids=str)
def test_the_second_derivatives_of_the_reference_are_right(case):
    (x,), v = case.tensors, normal(case.tensors[0].shape, seed=4)

    def along(unit, s, t):
        return np.sum(case.g * exact(case, [many(x) + s * unit + t * many(v)]))

    found = [mp.diff(partial(along, unit), (0, 0), (1, 1)) for unit in units(x)]
    found = np.reshape(found, x.shape).astype(np.float64)
    at = Evaluated(None, (v, case.g, *case.inputs), found, case.options)
    bound = BOUNDS[case.name]["second"].size(at, "float64")
    worst = compare(case.reference("_second", v, case.g), found, bound, "float64")
    assert worst.agrees, worst


# Measured in float64, and held to float32's bounds: these may cancel where ours do not, which costs
# them some digits; another formula would still be seen.
FORMULA = "float32"


# to a compiler a reduction is one more constant
MEANS = [case for case in CASES if case.options.get("reduction", "mean") == "mean"]


@cache
def measured(half, mode, dtype):
    """Case -> (value, gradients) of a half's losses, all in one graph."""
    cases = CASES if mode == "eager" else MEANS
    calls = [
        (of(half, case, ours(half, case)), [t.astype(dtype) for t in case.tensors],
         case.g.astype(dtype), None)
        for case in cases
    ]  # fmt: skip
    results = half.framework.evaluate(calls, mode)
    return {case: (h, *g) for case, (h, g, _) in zip(cases, results, strict=True)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_case
def test_each_half_equals_the_reference(half, dtype, case):
    case.assert_right(measured(half, "eager", dtype)[case], dtype)


@pytest.mark.parametrize("mode", ["graph", "compiled"], indirect=True)
@pytest.mark.parametrize("case", MEANS, ids=str)
def test_each_half_equals_the_reference_where_it_is_captured(half, mode, case):
    case.assert_right(measured(half, mode, "float32")[case], "float32")


def test_tensorflow_traces_each_loss_once_for_every_batch_size():
    cases = [c for c in CASES if c.kind != "ids" and c.options.get("reduction") == "sum"]
    shapes = [[tf.TensorSpec([None, v.shape[1]], tf.float64) for v in c.inputs] for c in cases]
    shapes[-1][1] = tf.TensorSpec([4, 2], tf.float64)  # W has no batch

    @tf.function(input_signature=[shapes], autograph=False)
    def totals(batch):
        functions = [getattr(tf_impl.losses, case.name) for case in cases]
        return [f(*inputs, "sum") for f, inputs in zip(functions, batch, strict=True)]

    whole = [list(case.inputs) for case in cases]
    rows = [[[inputs[0][[i]], inputs[1] if c.name == "contractive_penalty" else inputs[1][[i]]]
             for c, inputs in zip(cases, whole, strict=True)] for i in range(5)]  # fmt: skip
    parts = [totals(row) for row in rows]
    for case, total, *each in zip(cases, totals(whole), *parts, strict=True):
        bound = BOUNDS[case.name]["h"].size(
            Evaluated(None, case.inputs, np.asarray(total), case.options), "float64"
        )
        assert compare(np.sum(each), total, bound, "float64").agrees
    assert totals.experimental_get_tracing_count() == 1


@every_case
def test_the_gradient_by_hand_is_that_of_the_plain_formula(half, case):
    plain = of(half, case, ours(half, case).__wrapped__)
    h, gradients = half.framework.value_and_gradients(plain, *case.tensors, upstream=case.g)
    case.assert_right((h, *gradients), FORMULA)


# weighted labels, whose sum is not 1, have another gradient in TensorFlow: see below
SHIPPED = [c for c in CASES if c.name in OF_LABELS and c.kind != "weighted"]


@pytest.mark.parametrize("case", SHIPPED, ids=str)
def test_the_built_ins_compute_the_same(half, case):
    near = replace(case, tensors=(np.clip(case.tensors[0], -4, 4),))  # torch loses far tails
    function = of(half, near, half.builtins.FUNCTIONS[case.name])
    h, gradients = half.framework.value_and_gradients(function, *near.tensors, upstream=near.g)
    near.assert_right((h, *gradients), FORMULA)


@every_case
def test_torch_finds_the_gradients_to_be_the_slopes_in_both_orders(case):
    probabilities = case.name in ("binary_cross_entropy", "sparsity_penalty", "contractive_penalty")
    inside = (0.05, 0.95) if probabilities else (-4, 4)
    tensors = [torch.tensor(np.clip(t, *inside), requires_grad=True) for t in case.tensors]
    labels = [torch.tensor(values) for values in case.labels]
    loss = partial(getattr(torch_impl.losses, case.name), **case.options)
    assert torch.autograd.gradcheck(lambda *t: loss(*t, *labels), tensors, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(lambda *t: loss(*t, *labels), tensors)
