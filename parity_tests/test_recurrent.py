"""The recurrent functions against the reference: values, slopes, masks, shapes and mistakes."""

import ast
import re
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from parity_tests import parties
from parity_tests.layer_concepts import of_differentiated
from parity_tests.recurrent_cases import LAYERS, case, every_half, every_layer, failures, in_both
from parity_tests.test_layer_functions import assert_slope, moved
from parity_tests.training_run import module
from shared.catalogue.recurrent import FEATURES, MASK, STATES, drawn

TIME = MASK.shape[1]
BY_HAND = [parties.ours(half) for half in parties.HALVES]
# held to the bound of gradients by hand
AUTODIFF = [replace(parties.autodiff(half), besides=None) for half in parties.HALVES]


@in_both
@every_layer
def test_values_and_gradients_are_the_references(name, dtype):
    assert failures([case(name)], [*BY_HAND, *AUTODIFF], dtype) == []


@pytest.mark.parametrize("masked", ["long", "none", "one step", "one cell"])
def test_long_and_short_sequences_stay_within_their_bounds(masked):
    cases = [case(name, masked) for name in LAYERS]
    for dtype in ("float32", "float64"):
        assert failures(cases, BY_HAND, dtype) == []


@every_layer
def test_the_references_gradients_are_its_slopes(name):
    at = case(name)
    size = np.abs(at.upstream) * at.bound("h").size(at.truth["h"][1], "float64")
    for tensor in at.concept.differentiated:
        gradient = at.truth[f"g_{tensor}"][1].values
        for seed in range(3):
            along = {tensor: drawn(*gradient.shape, seed=20 + seed)}

            def terms(step, along=along):
                return at.upstream * at.concept.value(*moved(at.tensors, along, step).values())

            assert_slope(terms, size, np.sum(gradient * along[tensor]))


@every_layer
def test_torch_finds_the_gradients_to_be_the_slopes_in_both_orders(name):
    few = case(name, "few")
    function, arrays = of_differentiated(BY_HAND[1], few, few.tensors)
    tensors = [torch.tensor(values, requires_grad=True) for values in arrays.values()]
    assert torch.autograd.gradcheck(function, tensors)
    assert torch.autograd.gradgradcheck(function, tensors, fast_mode=True)


@every_half
@every_layer
def test_a_masked_step_repeats_the_last_output_and_its_input_is_not_read(name, half):
    at = case(name)
    function, arrays = of_differentiated(parties.ours(half), at, at.tensors)
    h, (g_x, *_) = half.framework.value_and_gradients(function, *arrays.values())
    assert not g_x[~MASK].any() and g_x[MASK].all()
    first = np.concatenate([arrays[state] for state in STATES[name]], axis=-1)
    before = np.concatenate([first[:, None], h[:, :-1]], axis=1)
    np.testing.assert_array_equal(h[~MASK], before[~MASK])
    arrays["x"] = np.where(MASK[..., None], arrays["x"], np.nan)
    again, _ = half.framework.value_and_gradients(function, *arrays.values())
    np.testing.assert_array_equal(again, h)


def computed(half, at, **wrong):
    """The half's function of a case's tensors, some of them being replaced."""
    given = {n: half.dialect.forth(at.concept, n, v) for n, v in at.tensors.items()} | wrong
    return half.function(at.concept)(*(half.framework.tensor(v) for v in given.values()))


@every_half
def test_what_does_not_fit_is_named(half):
    for tensor, shape, message in (
        ("x", (6, TIME, 3), r"lstm needs x of shape \(None, None, 4\), got \(6, 6, 3\)"),
        ("x", (6, FEATURES), "lstm needs x of shape"),
        ("x", (6, 0, FEATURES), "lstm needs at least one step"),
        ("c0", (1, 5), r"lstm needs an initial state of shape \(6, 5\), got \(1, 5\)"),
        ("mask", (6, TIME, 1), r"lstm needs mask of shape \(6, 6\), got \(6, 6, 1\)"),
        ("bias", (1, 20), r"lstm needs bias of shape \(20,\), got \(1, 20\)"),
        ("recurrent_kernel", (20, 15), "lstm needs (kernel|weight) of shape"),
    ):
        with pytest.raises(ValueError, match=message):
            computed(half, case("lstm"), **{tensor: np.zeros(shape)})


@every_half
@pytest.mark.parametrize("name, shape", {"simple_rnn": (5,), "lstm": (20,), "gru": (2, 15)}.items())
def test_each_function_names_the_bias_it_needs(name, shape, half):
    message = f"{name} needs bias of shape {shape}, got {(3, *shape)}"
    with pytest.raises(ValueError, match=re.escape(message)):
        computed(half, case(name), bias=np.zeros((3, *shape)))


RESET_FIRST = {
    "TensorFlow": "tanh(a_n + (r * h) @ recurrent_kernel[:, -h.shape[1] :])",
    "torch": "tanh(a_n + (r * h) @ recurrent_weight.T[:, -h.shape[1] :])",
}
UNMASKED = "back, upstream, slopes, None)"
MISTAKES = {
    "gates in another order": ("lstm", "i, f, _, o", "f, i, _, o"),
    "slopes in another order": ("lstm", "[slope_i, slope_f, ", "[slope_f, slope_i, "),
    "the state before is not the one before": ("lstm", "gradient(c_before,", "gradient(c,"),
    "no gradient from later steps by way of c": ("lstm", "g_c + g_h * slope_c", "g_h * slope_c"),
    "a mask ignored on the way back": ("lstm", "back, upstream, slopes, mask)", UNMASKED),
    "a state moved too far": ("simple_rnn", "= _before(h, h0)", "= h"),
    "an update gate the other way round": ("gru", "sigmoid(-z_u) * n", "sigmoid(z_u) * n"),
    "reset before the product": ("gru", "tanh(a_n + r * m_n)", RESET_FIRST),
    "no reset on the way back": ("gru", "slope_n * r]", "slope_n]"),
    "no gradient of the recurrent bias": ("gru", "sum(g_m, (0, 1))", "sum(0 * g_m, (0, 1))"),
}


@every_half
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_seen(mistake, half):
    name, right, wrong = MISTAKES[mistake]
    source = Path(module(half, "layers.recurrent").__file__).read_text()
    assert right in source
    wrong = wrong[half.framework.NAME] if isinstance(wrong, dict) else wrong
    tree = ast.parse(source.replace(right, wrong))
    # without the layers, which would be registered with Keras
    tree.body = [node for node in tree.body if not isinstance(node, ast.ClassDef)]
    planted = types.ModuleType("planted")
    exec(compile(tree, "planted", "exec"), planted.__dict__)
    mistaken = parties.ours(replace(half, instead={"layers": planted}))
    assert failures([case(name)], [mistaken], "float64") != []
