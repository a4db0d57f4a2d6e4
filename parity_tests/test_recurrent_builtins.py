"""The recurrent layers beside the frameworks' own: values, gradients, weights and their starts."""

from dataclasses import dataclass, replace
from functools import cache, partial

import keras
import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import tf_impl.layers as tl
import torch_impl.layers as hl
from parity_tests.parties import HALVES
from parity_tests.recurrent_cases import LAYERS, MASKS, case, every_layer, in_both
from shared import comparison
from shared.cases import Case
from shared.catalogue.recurrent import FEATURES, MASK, UNITS, drawn
from shared.recurrent_bounds import FromOutputs
from shared.samples import Sample

KERAS_HALF, TORCH_HALF = HALVES
TIME = MASK.shape[1]


@dataclass(frozen=True)
class Sequences(Sample):
    """Rows that are sequences, and which of the upstream gradients are not 0."""

    reached: np.ndarray

    def upstream(self, shape, salt=0):
        return super().upstream(shape, salt) * self.reached[..., : shape[-1]]


def reached(mask):
    """Where a layer's loss can enter: at the outputs of what is read, and at the final states."""
    h, c = np.repeat(mask[..., None], UNITS, axis=-1).astype(float), np.zeros((*mask.shape, UNITS))
    h[:, -1], c[:, -1] = 1, 1
    return np.concatenate([h, c], axis=-1)


@cache
def layer_case(name, masked):
    """The layer's function at its inputs, with a loss that enters where a layer's can."""
    concept = case(name, masked).concept
    sample = Sequences(**vars(concept.sample()), reached=reached(MASKS[masked]))
    return Case(replace(concept, sample=lambda: sample), {})


def keras_layer(layer, mask):
    """(h, *final states) as a function of x, weights and initial states."""
    layer.build((None, None, FEATURES))

    def call(x, kernel, recurrent_kernel, bias, *first):
        states = [v.value for v in layer.non_trainable_variables]
        weights = [kernel, recurrent_kernel, bias]
        given = {"initial_state": list(first), "mask": mask}
        return tuple(layer.stateless_call(weights, states, x, **given)[0])

    return call


def torch_layer(module, mask=None, lengths=None):
    """The same of a module; of two biases that are added, each is half of the bias given."""

    def call(x, weight, recurrent_weight, bias, *first):
        biases = bias if bias.ndim == 2 else (bias / 2, bias / 2)
        weights = dict(zip(dict(module.named_parameters()),
                           (weight, recurrent_weight, *biases), strict=True))  # fmt: skip
        hx = tuple(h[None] for h in first) if len(first) > 1 else first[0][None]
        x = x if lengths is None else pack_padded_sequence(x, lengths, True, enforce_sorted=False)
        given = {} if mask is None else {"mask": torch.tensor(mask)}
        h, final = torch.func.functional_call(module, weights, (x, hx), given)
        h = h if lengths is None else pad_packed_sequence(h, True, total_length=TIME)[0]
        return h, *(state[0] for state in (final if isinstance(final, tuple) else (final,)))

    return call


def torch_built_in(title):
    return getattr(torch.nn, title.removeprefix("Simple"))(FEATURES, UNITS, batch_first=True)


def layers(title, masked, dtype):
    """Label -> (half, function) of each half's layer and of the framework's own."""
    mask, whole = MASKS[masked], {"return_sequences": True, "return_state": True, "dtype": dtype}
    for label, module in (("Keras", tl), ("Keras built-in", keras.layers)):
        yield label, KERAS_HALF, keras_layer(getattr(module, title)(UNITS, **whole), mask)
    yield "torch", TORCH_HALF, torch_layer(getattr(hl, title)(FEATURES, UNITS), mask)
    if masked != "gaps":  # which torch has no way to say
        theirs = torch_layer(torch_built_in(title), lengths=mask.sum(axis=1))
        yield "torch built-in", TORCH_HALF, theirs


def upstream(at, mask):
    """The loss as it reaches a layer's outputs: half of what the last has comes by way of h_n."""
    g, g_c = at.upstream[..., :UNITS].copy(), at.upstream[:, -1, UNITS:]
    last = g[:, -1] * np.where(mask[:, -1:], 0.5, 1.0)
    g[:, -1] -= last
    return g, last, *([g_c] if g_c.size else [])


@cache
def layer_results(name, masked, dtype):
    """Label -> tensors found, with the states after every step that a layer tells of."""
    at, results = layer_case(name, masked), {}
    tensors = {n: at.tensors[n] for n in at.concept.differentiated}
    for label, half, function in layers(LAYERS[name], masked, dtype):
        arrays = [half.dialect.forth(at.concept, n, v).astype(dtype) for n, v in tensors.items()]
        g = tuple(half.framework.tensor(v.astype(dtype)) for v in upstream(at, MASKS[masked]))
        (h, *final), gradients = half.framework.value_and_gradients(function, *arrays, upstream=g)
        states = np.concatenate([h, *(0 * h for _ in final[1:])], axis=-1)
        states[:, -1] = np.concatenate(final, axis=-1)
        found = zip(tensors, gradients, strict=True)
        named = {f"g_{n}": half.dialect.back(at.concept, n, values) for n, values in found}
        results[label] = {"h": states, **named}
    return results


def used(name, masked, dtype, label, from_outputs=False):
    """Tensor -> how much of its bound a layer's result uses, the reference's own included.

    Built-ins take the slopes of gates `from_outputs`, and are held to the bound of that.
    """
    at, shares = layer_case(name, masked), {}
    told = reached(MASKS[masked])[..., : at.upstream.shape[-1]].astype(bool)
    for tensor, values in layer_results(name, masked, dtype)[label].items():
        truth, stated = at.truth[tensor][1], at.bound(tensor)
        own = FromOutputs(at.concept, tensor) if from_outputs and tensor != "h" else stated
        size = own.size(truth, dtype) + stated.size(truth, "float64")
        place = told if tensor == "h" else ...
        worst = comparison.compare(values[place], truth.values[place], size[place], dtype)
        shares[tensor] = worst.used
    return shares


@in_both
@pytest.mark.parametrize("masked", ["none", "padded", "gaps"])
@every_layer
def test_layers_and_built_ins_agree(name, masked, dtype):
    labels = list(layer_results(name, masked, dtype))
    assert len(labels) == (3 if masked == "gaps" else 4)
    for label in labels:
        shares = used(name, masked, dtype, label, label.endswith("built-in"))
        assert max(shares.values()) <= 1, (label, shares)


def test_keras_departs_by_slopes_from_outputs():
    """Where ours keep the bound, and with the cancellation accounted for Keras does too."""
    found = partial(used, "simple_rnn", "padded", "float64")
    assert max(found("Keras").values()) <= 1
    assert [t for t, share in found("Keras built-in").items() if share > 1] == ["g_x"]


def test_before_anything_is_read_keras_gives_0_and_we_the_initial_state():
    x, h0 = drawn(2, TIME, FEATURES, seed=30), drawn(2, UNITS, seed=31)
    theirs, ours = (
        module.GRU(UNITS, return_sequences=True, dtype="float64") for module in (keras.layers, tl)
    )
    assert not theirs(x, initial_state=h0, mask=MASK[4:])[:, :2].numpy().any()
    h = ours(x, initial_state=h0, mask=MASK[4:])
    np.testing.assert_array_equal(h[:, :2], np.stack([h0, h0], axis=1))
    assert not ours(x, mask=MASK[4:])[:, :2].numpy().any()


@every_layer
def test_keras_weights_move_and_start_as_the_built_ins(name):
    built = []
    for module in (tl, keras.layers):
        keras.utils.set_random_seed(1)
        layer = getattr(module, LAYERS[name])(UNITS)
        layer.build((None, None, FEATURES))
        built.append(layer)
    ours, theirs = built
    for one, other in zip(ours.weights, theirs.weights, strict=True):
        assert (one.name, one.shape) == (other.name, other.shape)
        if name != "simple_rnn":  # whose built-in draws a seed for its dropout first
            np.testing.assert_array_equal(one, other)
    for source, target in ((ours, theirs), (theirs, ours)):
        source.set_weights([np.random.default_rng(2).normal(size=w.shape) for w in source.weights])
        target.set_weights(source.get_weights())
        for one, other in zip(source.get_weights(), target.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


@every_layer
def test_torch_weights_move_and_start_as_the_built_ins(name):
    torch.manual_seed(1)
    theirs = torch_built_in(LAYERS[name])
    torch.manual_seed(1)
    ours = getattr(hl, LAYERS[name])(FEATURES, UNITS)
    for source, target in ((theirs, ours), (ours, theirs)):
        assert same_state(source, target)  # at first as drawn, then as moved
        torch.nn.init.normal_(source.bias_hh_l0)
        target.load_state_dict(source.state_dict())
        assert same_state(source, target)


def same_state(one, other):
    one, other = one.state_dict(), other.state_dict()
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)
