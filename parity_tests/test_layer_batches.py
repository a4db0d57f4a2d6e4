"""The layers' functions at batches of any size, traced once, and tensors however they are kept."""

from functools import partial

import numpy as np
import pytest
import tensorflow as tf
import torch

from parity_tests.layer_concepts import BATCHED, CONCEPTS, HALVES, drawn, of_differentiated
from shared.cases import Case, cases

KERAS_HALF, TORCH_HALF = HALVES

every_concept = pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept.name)
every_case = pytest.mark.parametrize(
    "case", cases(CONCEPTS), ids=lambda case: f"{case.concept.name} {case.label}"
)


def batches(case):
    """A batch of none and of one, from the inputs."""
    for count in (0, 1):
        yield {n: v[:count] if n in BATCHED else v for n, v in case.tensors.items()}


@every_case
@pytest.mark.parametrize("party", HALVES, ids=lambda party: party.name)
def test_a_batch_of_one_and_an_empty_batch_have_values_and_gradients(party, case):
    for arrays in batches(case):
        function, native = of_differentiated(party, case, arrays)
        h, gradients = party.adapter.value_and_gradients(function, *native.values())
        assert h.shape[0] == len(arrays.get("x", arrays.get("ids")))
        for name, gradient in zip(native, gradients, strict=True):
            assert gradient.shape == native[name].shape
            assert np.isfinite(gradient).all()
            if h.size == 0:
                assert not gradient.any()


@every_case
def test_torch_does_not_mind_how_tensors_lie_in_memory(case):
    function, native = of_differentiated(TORCH_HALF, case, case.tensors)
    results = []
    for order in "CF":
        tensors = [as_laid_out(values, order).requires_grad_() for values in native.values()]
        h = function(*tensors)
        g = as_laid_out(drawn(*h.shape, seed=25), order)
        results.append([h, *torch.autograd.grad(h, tensors, g)])
    names = "h", *(f"g_{name}" for name in native)
    for name, one, other in zip(names, *results, strict=True):
        at = case.truth[name][1]
        laid_out = "output" if name == "h" else name.removeprefix("g_")
        back = partial(TORCH_HALF.dialect.back, case.concept, laid_out)
        one, other = (back(t.detach().numpy()) for t in (one, other))
        assert (np.abs(one - other) <= 2 * case.bound(name).size(at, "float64")).all()


def as_laid_out(values, order):
    """The tensor of these values, its first ("F") or last axis ("C") running fastest in memory."""
    axes = tuple(range(values.ndim))[:: -1 if order == "F" else 1]
    tensor = torch.tensor(np.ascontiguousarray(values.transpose(axes))).permute(axes)
    assert values.ndim < 2 or tensor.is_contiguous() == (order == "C")
    return tensor


@every_concept
def test_functions_are_traced_once_for_every_batch_size(concept):
    case = Case(concept, concept.options[0])
    specs = [
        tf.TensorSpec([None, *v.shape[1:]] if n in BATCHED else v.shape, tf.constant(v).dtype)
        for n, v in case.tensors.items()
    ]

    @tf.function(input_signature=specs, autograph=False)
    def gradients(*tensors):
        given = dict(zip(case.tensors, tensors, strict=True))
        sought = [given[name] for name in concept.differentiated]
        with tf.GradientTape() as tape:
            tape.watch(sought)
            h = KERAS_HALF.find(concept, case.options)(*tensors)
        return h, tape.gradient(h, sought)

    for arrays in (case.tensors, *batches(case)):
        function, native = of_differentiated(KERAS_HALF, case, arrays)
        h, found = KERAS_HALF.adapter.value_and_gradients(function, *native.values())
        captured, captured_gradients = gradients(*map(tf.constant, arrays.values()))
        np.testing.assert_array_equal(captured, h)
        for one, other in zip(captured_gradients, found, strict=True):
            np.testing.assert_array_equal(one, other)
    assert gradients.experimental_get_tracing_count() == 1
