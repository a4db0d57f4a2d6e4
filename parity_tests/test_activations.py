"""What the activations take and give: dtypes, shapes, small numbers, and errors for people."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
import tensorflow as tf
import torch

import torch_impl.activations
from parity_tests import parties
from shared import cases, comparison, parity
from shared.catalogue import ACTIVATIONS
from shared.evidence import PASS
from shared.samples import Sample

OPTIONS = {"maxout": {"pieces": 3}}
ALONG_AXIS = ("softmax", "log_softmax", "maxout")
FRAMEWORKS = {"TensorFlow": tf, "torch": torch}
CAST = {"TensorFlow": tf.cast, "torch": torch.Tensor.to}

every_activation = pytest.mark.parametrize("name", [concept.name for concept in ACTIVATIONS])


def bound_to(half, name):
    """The half's function as a function of tensors alone."""
    return partial(getattr(half.activations, name), **OPTIONS.get(name, {}))


def inputs(name, x):
    """The arrays the function takes: x, and a slope for prelu."""
    return (x, np.full(1, 0.25, x.dtype)) if name == "prelu" else (x,)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@every_activation
def test_the_dtype_is_kept(half, name, dtype):
    framework, cast = FRAMEWORKS[half.framework.NAME], CAST[half.framework.NAME]
    seen = []

    def kept(*tensors):
        h = bound_to(half, name)(*(cast(t, getattr(framework, dtype)) for t in tensors))
        seen.append(h.dtype)
        return cast(h, framework.float64)

    x = np.linspace(-3, 3, 12)
    _, gradients = half.framework.value_and_gradients(kept, *inputs(name, x))
    assert seen == [getattr(framework, dtype)]
    assert all(np.isfinite(g).all() for g in gradients)


@dataclass(frozen=True)
class HalfPrecision(Sample):
    """A sample whose numbers, and whose upstream gradients, are float16 numbers."""

    def upstream(self, shape, salt=0):
        return _float16(super().upstream(shape, salt))


@np.errstate(over="ignore")
def _float16(values):
    return np.asarray(values).astype(np.float16).astype(np.float64)


def half_precision(draw):
    def sample():
        drawn = draw()
        return HalfPrecision(_float16(drawn.values), drawn.parts)

    return sample


@pytest.mark.parametrize("concept", ACTIVATIONS, ids=lambda concept: concept.name)
def test_the_bounds_hold_in_float16_too(concept):
    found = cases.cases([replace(concept, sample=half_precision(concept.sample))])
    rows = parity.compare(found, [parties.ours(half) for half in parties.HALVES], "float16")
    assert {(row.left, row.right) for row in rows} >= {("torch", "TensorFlow")}
    assert [row for row in rows if row.verdict != PASS] == []


@pytest.mark.parametrize("shape", [(0,), (0, 12), (3, 0), (12,), (2, 12), (2, 3, 12)], ids=str)
@every_activation
def test_the_shape_is_kept_and_may_be_empty(half, name, shape):
    x = np.ones(shape, np.float32)
    h, (g_x, *_) = half.framework.value_and_gradients(bound_to(half, name), *inputs(name, x))
    assert h.shape == ((*shape[:-1], shape[-1] // 3) if name == "maxout" else shape)
    assert g_x.shape == shape


@pytest.mark.parametrize("name", [c.name for c in ACTIVATIONS if c.name not in ALONG_AXIS])
def test_a_single_number_is_a_tensor_too(half, name):
    x = np.array(-2.0, np.float32)
    h, gradients = half.framework.value_and_gradients(bound_to(half, name), *inputs(name, x))
    assert h.shape == gradients[0].shape == ()
    row, _ = half.framework.value_and_gradients(bound_to(half, name), *inputs(name, x[None]))
    np.testing.assert_array_equal(h, row[0])


def at(concept, x):
    """The concept's case at one row of numbers."""
    concept = replace(concept, sample=lambda: Sample(np.asarray(x, np.float64)[None], {}))
    return cases.Case(concept, concept.options[0])


@pytest.mark.parametrize("concept", ACTIVATIONS, ids=lambda concept: concept.name)
def test_a_number_below_the_normal_ones_counts_as_itself_or_as_zero(half, concept):
    below = at(concept, np.float32([1e-40, -1e-40, 1e-45] * 4))
    tensors = [half.framework.tensor(values.astype(np.float32)) for values in below.inputs]
    measured = half.framework.array(bound_to(half, concept.name)(*tensors))
    bound = concept.bounds["h"].size(below.truth["h"][1], "float32")
    expected = [case.truth["h"][1].values for case in (below, at(concept, np.zeros(12)))]
    differences = [comparison.compare(measured, h, bound, "float32") for h in expected]
    assert any(difference.agrees for difference in differences), differences


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.bool_, np.complex64])
@every_activation
def test_a_tensor_without_fractions_is_refused_with_what_to_pass(half, name, dtype):
    said = {"TensorFlow": r"tf\.cast\(x, tf\.float32\)", "torch": r"x\.to\(torch\.float32\)"}
    tensors = map(half.framework.tensor, inputs(name, np.ones(12, dtype)))
    with pytest.raises(TypeError, match=said[half.framework.NAME]) as caught:
        bound_to(half, name)(*tensors)
    assert f"{name} needs a floating-point tensor, got {np.dtype(dtype)}" in str(caught.value)


@every_activation
def test_a_wrong_call_is_a_type_error(half, name):
    x, *slope = map(half.framework.tensor, inputs(name, np.ones(12)))
    function = bound_to(half, name)
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        function(x, *slope, nonsense=1)
    with pytest.raises(TypeError, match=r"too many positional|multiple values"):
        function(x, *slope, 1, 2, 3)
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        function(**{"slope": slope[0]} if slope else {})
    with pytest.raises(TypeError, match="multiple values for argument 'x'"):
        function(x, *slope, x=x)


@pytest.mark.parametrize("features, pieces", [(5, 2), (4, 8), (4, 0), (4, -2)])
def test_maxout_names_the_pieces_that_do_not_divide(half, features, pieces):
    x = half.framework.tensor(np.ones((2, features)))
    with pytest.raises(ValueError, match=f"divide the last axis: {features} by {pieces}"):
        half.activations.maxout(x, pieces)
    with pytest.raises(ValueError, match=f"divide the last axis: {features} by {pieces}"):
        half.activations.Maxout(pieces)(x)


@pytest.mark.parametrize("slopes", [3, 1])
@pytest.mark.parametrize("shape", [(9, 3), (2, 5, 3), (2, 4, 5, 3)], ids=str)
def test_slopes_lie_along_the_channels_of_each_framework(shape, slopes):
    rng = np.random.default_rng(0)
    x, g, slope = rng.normal(size=shape), rng.normal(size=shape), rng.uniform(0.1, 0.5, slopes)
    last, first = parties.HALVES
    found = last.framework.value_and_gradients(last.activations.prelu, x, slope, upstream=g)
    moved = first.framework.value_and_gradients(
        first.activations.prelu,
        np.moveaxis(x, -1, 1),
        slope,
        upstream=np.moveaxis(g, -1, 1),
    )
    np.testing.assert_array_equal(found[0], np.moveaxis(moved[0], 1, -1))
    np.testing.assert_array_equal(found[1][0], np.moveaxis(moved[1][0], 1, -1))
    terms = np.abs(g * np.minimum(x, 0)).reshape(-1, shape[-1])
    total = terms.sum(axis=0) if slopes > 1 else terms.sum()
    bound = 2 * comparison.running_error_bound(total, "float64", terms.size)
    worst = comparison.compare(found[1][1], moved[1][1], np.broadcast_to(bound, slopes), "float64")
    assert worst.agrees, worst
    assert np.abs(moved[1][1]).min() > 0


def test_a_0d_tensor_has_one_feature_to_take_the_largest_of(half):
    alone = half.framework.tensor(np.float32(3))
    assert half.framework.array(half.activations.maxout(alone, pieces=1)).tolist() == [3]
    with pytest.raises(ValueError, match="pieces that divide the last axis: 1 by 2"):
        half.activations.maxout(alone, pieces=2)


def test_a_torch_vector_has_one_channel_for_slopes():
    one = torch_impl.activations.prelu(torch.tensor([-2.0, 4.0]), torch.tensor([0.5]))
    assert one.tolist() == [-1.0, 4.0]
    with pytest.raises(RuntimeError):
        torch_impl.activations.prelu(torch.tensor([-2.0, 4.0]), torch.tensor([0.5, 0.25]))
