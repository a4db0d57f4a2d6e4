"""Recurrent layers: the reference, both halves and the built-ins agree, and layers are drop-ins."""

import ast
import copy
import pickle
import re
import types
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import tf_impl.framework
import tf_impl.layers.recurrent
import torch_impl.framework
import torch_impl.layers.recurrent
from shared import comparison, parity
from shared.cases import Case
from shared.catalogue.recurrent import (
    FEATURES,
    MASK,
    RECURRENT,
    STATES,
    UNITS,
    drawn,
    row,
)
from shared.evidence import PASS
from shared.recurrent_bounds import FromOutputs
from shared.samples import Sample
from shared.vocabulary import KERAS, TORCH

STEP = 2.0**-10
TIME = MASK.shape[1]
MASKS = {
    "all kinds": MASK,
    "none": MASK[:1],
    "padded": MASK[:3],
    "gaps": MASK[:4],
    "short": MASK[:, 2:4],
    "few": MASK[[1, 4], 1:4],
    "long": np.arange(100) < np.array([[100], [63]]),
    "one step": np.ones((3, 1), bool),
    "one cell": np.ones((1, 1), bool),
}
LAYERS = {concept.name: concept.layer for concept in RECURRENT}

every_layer = pytest.mark.parametrize("name", LAYERS)
in_both = pytest.mark.parametrize("dtype", ["float32", "float64"])


@dataclass(frozen=True)
class Sequences(Sample):
    """Rows that are sequences, and which of the upstream gradients are not 0."""

    reached: np.ndarray | None = None

    def upstream(self, shape, salt=0):
        g = super().upstream(shape, salt)
        return g if self.reached is None else g * self.reached[..., : shape[-1]]


@cache
def case(name, masked="all kinds", of_layer=False):
    """The layer's function at its inputs; where a layer's loss can enter alone, if so asked."""
    concept = row(name, MASKS[masked])
    if of_layer:
        sample = Sequences(**vars(concept.sample()), reached=reached(MASKS[masked]))
        concept = replace(concept, sample=lambda: sample)
    return Case(concept, {})


def parties(framework, module, dialect):
    """A half's functions by hand, and as its framework differentiates them."""

    def by_hand(concept, options):
        return getattr(module, concept.name)

    def autodiff(concept, options):
        return getattr(module, concept.name).__wrapped__

    yield parity.Party(framework.NAME, framework, by_hand, dialect=dialect)
    yield parity.Party(f"{framework.NAME} autodiff", framework, autodiff, dialect=dialect)


KERAS_HALF = tf_impl.framework, tf_impl.layers.recurrent, KERAS
TORCH_HALF = torch_impl.framework, torch_impl.layers.recurrent, TORCH
HALVES = KERAS_HALF, TORCH_HALF
every_half = pytest.mark.parametrize("half", HALVES, ids=lambda half: half[0].NAME)


def failures(cases, chosen, dtype, mode="eager"):
    rows = parity.compare(cases, chosen, dtype, mode)
    assert {r.tensor for r in rows} == {tensor for case in cases for tensor in case.truth}
    return [(r.concept, r.tensor, r.left, r.right, r.used) for r in rows if r.verdict != PASS]


BY_HAND = {half[0].NAME: next(parties(*half)) for half in HALVES}


@in_both
@every_layer
def test_values_and_gradients_are_the_references(name, dtype):
    four = [party for half in HALVES for party in parties(*half)]
    assert failures([case(name)], four, dtype) == []


@in_both
@pytest.mark.parametrize("mode", ["graph", "compiled"])
def test_captured_and_compiled_by_tensorflow_they_are_the_references(mode, dtype):
    assert failures([*map(case, LAYERS)], [BY_HAND["TensorFlow"]], dtype, mode) == []


@pytest.mark.parametrize("mode", ["graph", "compiled"])
def test_captured_and_compiled_by_torch_they_are_the_references(mode):
    party = BY_HAND["torch"]
    if party.adapter.unavailable(mode):
        pytest.skip(party.adapter.unavailable(mode))
    # every step is compiled anew, so that two of them have to do
    assert failures([case(name, "short") for name in LAYERS], [party], "float32", mode) == []


@pytest.mark.parametrize("masked", ["long", "none", "one step", "one cell"])
def test_long_and_short_sequences_stay_within_their_bounds(masked):
    cases = [case(name, masked) for name in LAYERS]
    for dtype in ("float32", "float64"):
        assert failures(cases, BY_HAND.values(), dtype) == []


def moved(arrays, tensor, direction, step):
    return {n: v + step * direction if n == tensor else v for n, v in arrays.items()}


@every_layer
def test_the_references_gradients_are_its_slopes(name):
    """Central differences, within what doubling their step changes and what rounding may.

    A central difference is off by a multiple of the square of its step, so that twice the step is
    off by four times as much. To that come the roundings of the value and of the sum over it.
    """
    at = case(name)
    h, value = at.truth["h"][1], at.concept.value
    size = np.abs(at.upstream) * at.bound("h").size(h, "float64")
    size += comparison.gamma(h.values.size, "float64") * np.abs(at.upstream * h.values)
    for tensor in at.concept.differentiated:
        gradient = at.truth[f"g_{tensor}"][1].values
        for seed in range(3):
            direction = drawn(*gradient.shape, seed=20 + seed)

            def slope(step, tensor=tensor, direction=direction):
                ends = (value(*moved(at.tensors, tensor, direction, s).values())
                        for s in (step, -step))  # fmt: skip
                return np.sum(at.upstream * np.subtract(*ends)) / (2 * step)

            near, far = slope(STEP), slope(2 * STEP)
            error = abs(np.sum(gradient * direction) - near)
            assert 0 < error <= abs(far - near) + 2 * np.sum(size) / STEP


def native(at, half):
    """A half's function of the tensors that have gradients, and these in its own layout."""
    framework, module, dialect = half
    arrays = {n: np.array(dialect.forth(at.concept, n, v)) for n, v in at.tensors.items()}
    mask = framework.tensor(arrays.pop("mask"))
    return partial(getattr(module, at.concept.name), mask=mask), arrays


@every_layer
def test_torch_finds_the_gradients_to_be_the_slopes_in_both_orders(name):
    function, arrays = native(case(name, "few"), TORCH_HALF)
    tensors = [torch.tensor(values, requires_grad=True) for values in arrays.values()]
    assert torch.autograd.gradcheck(function, tensors)
    assert torch.autograd.gradgradcheck(function, tensors, fast_mode=True)


@every_half
@every_layer
def test_a_masked_step_repeats_the_last_output_and_its_input_is_not_read(name, half):
    function, arrays = native(case(name), half)
    h, (g_x, *_) = half[0].value_and_gradients(function, *arrays.values())
    assert not g_x[~MASK].any() and g_x[MASK].all()
    first = np.concatenate([arrays[state] for state in STATES[name]], axis=-1)
    before = np.concatenate([first[:, None], h[:, :-1]], axis=1)
    np.testing.assert_array_equal(h[~MASK], before[~MASK])
    arrays["x"] = np.where(MASK[..., None], arrays["x"], np.nan)
    np.testing.assert_array_equal(half[0].value_and_gradients(function, *arrays.values())[0], h)


# the layers beside the frameworks' own, as functions of their weights


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


def layers(name, masked, dtype):
    """Title -> (half, function) of each half's layer and of the framework's own."""
    title, mask = LAYERS[name], MASKS[masked]
    whole = {"return_sequences": True, "return_state": True, "dtype": dtype}
    for label, module in (("Keras", tf_impl.layers.recurrent), ("Keras built-in", keras.layers)):
        yield label, KERAS_HALF, keras_layer(getattr(module, title)(UNITS, **whole), mask)
    ours = getattr(torch_impl.layers.recurrent, title)(FEATURES, UNITS)
    yield "torch", TORCH_HALF, torch_layer(ours, mask)
    if masked != "gaps":  # which torch has no way to say
        theirs = torch_built_in(title, FEATURES)
        yield "torch built-in", TORCH_HALF, torch_layer(theirs, lengths=mask.sum(axis=1))


def torch_built_in(title, features):
    return getattr(torch.nn, title.removeprefix("Simple"))(features, UNITS, batch_first=True)


def reached(mask):
    """Where a layer's loss can enter: at the outputs of what is read, and at the final states."""
    h, c = np.repeat(mask[..., None], UNITS, axis=-1).astype(float), np.zeros((*mask.shape, UNITS))
    h[:, -1], c[:, -1] = 1, 1
    return np.concatenate([h, c], axis=-1)


def upstream(at, mask):
    """The loss as it reaches a layer's outputs: half of what the last has comes by way of h_n."""
    g, g_c = at.upstream[..., :UNITS].copy(), at.upstream[:, -1, UNITS:]
    last = g[:, -1] * np.where(mask[:, -1:], 0.5, 1.0)
    g[:, -1] -= last
    return g, last, *([g_c] if g_c.size else [])


@cache
def layer_results(name, masked, dtype):
    """Title -> tensors found, with the states after every step that a layer tells of."""
    at, mask, results = case(name, masked, of_layer=True), MASKS[masked], {}
    tensors = {n: v for n, v in at.tensors.items() if n != "mask"}
    for title, (framework, _, dialect), function in layers(name, masked, dtype):
        arrays = [dialect.forth(at.concept, n, v).astype(dtype) for n, v in tensors.items()]
        g = tuple(framework.tensor(values.astype(dtype)) for values in upstream(at, mask))
        (h, *final), gradients = framework.value_and_gradients(function, *arrays, upstream=g)
        found = zip(tensors, gradients, strict=True)
        states = np.concatenate([h, *(0 * h for _ in final[1:])], axis=-1)
        states[:, -1] = np.concatenate(final, axis=-1)
        named = {f"g_{n}": dialect.back(at.concept, n, g) for n, g in found}
        results[title] = {"h": states, **named}
    return results


def used(name, masked, dtype, title, from_outputs=False):
    """Tensor -> how much of its bound a layer's result uses, the reference's own included.

    Built-ins take the slopes of gates `from_outputs`, and are held to the bound of that.
    """
    at, shares = case(name, masked, of_layer=True), {}
    told = reached(MASKS[masked])[..., : at.upstream.shape[-1]].astype(bool)
    for tensor, values in layer_results(name, masked, dtype)[title].items():
        truth, place = at.truth[tensor][1], told if tensor == "h" else ...
        own = (
            FromOutputs(at.concept, tensor) if from_outputs and tensor != "h" else at.bound(tensor)
        )
        sizes = own.size(truth, dtype), at.bound(tensor).size(truth, "float64")
        worst = comparison.compare(values[place], truth.values[place], sum(sizes)[place], dtype)
        shares[tensor] = worst.used
    return shares


@in_both
@pytest.mark.parametrize("masked", ["none", "padded", "gaps"])
@every_layer
def test_layers_and_built_ins_agree(name, masked, dtype):
    titles = list(layer_results(name, masked, dtype))
    assert len(titles) == (3 if masked == "gaps" else 4)
    for title in titles:
        shares = used(name, masked, dtype, title, title.endswith("built-in"))
        assert max(shares.values()) <= 1, (title, shares)


def test_keras_departs_by_slopes_from_outputs():
    """Where ours keep the bound, and with the cancellation accounted for Keras does too."""
    found = partial(used, "simple_rnn", "padded", "float64")
    assert max(found("Keras").values()) <= 1
    assert [t for t, share in found("Keras built-in").items() if share > 1] == ["g_x"]


def test_before_anything_is_read_keras_gives_0_and_we_the_initial_state():
    x, h0 = drawn(2, TIME, FEATURES, seed=30), drawn(2, UNITS, seed=31)
    outputs = [
        layer(x, initial_state=h0, mask=MASK[4:])
        for layer in (keras.layers.GRU(UNITS, return_sequences=True, dtype="float64"),
                      tf_impl.layers.recurrent.GRU(UNITS, return_sequences=True, dtype="float64"))
    ]  # fmt: skip
    assert not outputs[0][:, :2].numpy().any()
    np.testing.assert_array_equal(outputs[1][:, :2], np.stack([h0, h0], axis=1))
    ours = tf_impl.layers.recurrent.GRU(UNITS, return_sequences=True)(x, mask=MASK[4:])
    assert not ours[:, :2].numpy().any()


# the layers as drop-ins


@every_layer
def test_keras_weights_move_and_start_as_the_built_ins(name):
    built = []
    for module in (tf_impl.layers.recurrent, keras.layers):
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
    theirs = torch_built_in(LAYERS[name], FEATURES)
    torch.manual_seed(1)
    ours = getattr(torch_impl.layers.recurrent, LAYERS[name])(FEATURES, UNITS)
    for source, target in ((theirs, ours), (ours, theirs)):
        assert same_state(source, target)  # at first as drawn, then as moved
        torch.nn.init.normal_(source.bias_hh_l0)
        target.load_state_dict(source.state_dict())
        assert same_state(source, target)


def same_state(one, other):
    one, other = one.state_dict(), other.state_dict()
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


@every_layer
def test_a_layer_is_its_function_from_states_of_0(name):
    x, first = drawn(2, TIME, FEATURES, seed=40), [np.zeros((2, UNITS))] * len(STATES[name])
    layer = getattr(tf_impl.layers.recurrent, LAYERS[name])(UNITS, dtype="float64")
    expected = getattr(tf_impl.layers.recurrent, name)
    last = layer(x)
    h = expected(tf.constant(x), *layer.weights, *map(tf.constant, first))
    np.testing.assert_array_equal(last, h[:, -1, :UNITS])
    module = getattr(torch_impl.layers.recurrent, LAYERS[name])(FEATURES, UNITS, torch.float64)
    weight, recurrent_weight, *biases = module.parameters()
    bias = torch.stack(biases) if name == "gru" else sum(biases)
    h = getattr(torch_impl.layers.recurrent, name)(
        torch.tensor(x), weight, recurrent_weight, bias, *map(torch.tensor, first)
    )
    assert torch.equal(module(torch.tensor(x))[0], h[..., :UNITS])


@pytest.fixture(scope="module")
def words():
    """Sentences of word numbers, 0 where there is none, and what to say of them."""
    ids = np.random.default_rng(3).integers(1, 9, size=(32, TIME)) * (MASK[np.arange(32) % 3])
    return ids, (ids == 5).any(axis=1).astype(np.float32)[:, None]


@every_layer
def test_keras_trains_saves_and_loads_a_masked_model(name, words, tmp_path):
    keras.utils.set_random_seed(4)
    make = getattr(tf_impl.layers.recurrent, LAYERS[name])
    embedding = keras.layers.Embedding(9, FEATURES, mask_zero=True)
    model = keras.Sequential(
        [embedding, make(UNITS, return_sequences=True), make(UNITS), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    losses = model.fit(*words, epochs=4, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    h = model(words[0])
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(words[0]), h)
    table = embedding.embeddings.numpy()
    embedding.embeddings.assign(np.where(np.arange(9)[:, None] == 0, 7.0, table))
    np.testing.assert_array_equal(model(words[0]), h)  # the mask reaches both layers


@every_layer
def test_keras_finds_shapes_and_hands_states_on(name):
    make, count = getattr(tf_impl.layers.recurrent, LAYERS[name]), len(STATES[name])
    x = keras.Input((None, FEATURES))
    encoder = make(UNITS, return_state=True, name="encoder", dtype="float32")
    h, *states = encoder(keras.layers.Masking()(x))
    assert [tuple(state.shape) for state in (h, *states)] == [(None, UNITS)] * (1 + count)
    decoded = make(UNITS, return_sequences=True)(x, initial_state=states)
    assert decoded.shape == (None, None, UNITS)
    model = keras.Model(x, decoded)
    assert model(np.zeros((2, 3, FEATURES), np.float32)).shape == (2, 3, UNITS)
    again = make.from_config(encoder.get_config())
    assert again.get_config() == encoder.get_config()
    masks = [make(UNITS, *options).compute_mask(None, "mask")
             for options in ((), (True,), (True, True))]  # fmt: skip
    assert masks == [None, "mask", ["mask", *[None] * count]]


@every_layer
def test_torch_trains_copies_and_loads_a_masked_module(name, words, tmp_path):
    torch.manual_seed(4)
    ids, target = map(torch.tensor, words)
    embedding = torch.nn.Embedding(9, FEATURES)
    layer = getattr(torch_impl.layers.recurrent, LAYERS[name])(FEATURES, UNITS)
    assert repr(layer) == f"{LAYERS[name]}({FEATURES}, {UNITS})"
    head, losses = torch.nn.Linear(UNITS, 1), []
    weights = [*embedding.parameters(), *layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(weights, 0.02)
    for _ in range(16):
        optimizer.zero_grad()
        output, _ = layer(embedding(ids), mask=ids > 0)
        losses.append((head(output[:, -1]) - target).square().mean())
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < losses[0] and all(w.grad.any() for w in weights)
    torch.save(layer.state_dict(), tmp_path / "state.pt")
    restored = type(layer)(FEATURES, UNITS)
    restored.load_state_dict(torch.load(tmp_path / "state.pt"))
    x = embedding(ids).detach()
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), restored):
        assert torch.equal(again(x)[0], layer(x)[0])


def test_tensorflow_traces_once_for_every_batch_size_and_length():
    traced = {}
    for name in LAYERS:
        layer = getattr(tf_impl.layers.recurrent, LAYERS[name])(UNITS, return_sequences=True)
        layer.build((None, None, FEATURES))
        specs = [tf.TensorSpec([None, None, FEATURES]), tf.TensorSpec([None, None], tf.bool)]
        traced[name] = tf.function(lambda x, mask, layer=layer: layer(x, mask=mask), specs)
        for mask in (MASK, MASK[:1, :2]):
            x = drawn(*mask.shape, FEATURES, seed=50).astype(np.float32)
            assert traced[name](x, mask).shape == (*mask.shape, UNITS)
    assert [f.experimental_get_tracing_count() for f in traced.values()] == [1, 1, 1]


@every_half
def test_what_does_not_fit_is_named(half):
    function, arrays = native(case("lstm"), half)
    given = {n: half[0].tensor(values) for n, values in arrays.items()}
    for change, message in {
        ("x", (6, TIME, 3)): r"lstm needs x of shape \(None, None, 4\), got \(6, 6, 3\)",
        ("x", (6, FEATURES)): "lstm needs x of shape",
        ("x", (6, 0, FEATURES)): "lstm needs at least one step",
        ("c0", (1, UNITS)): r"lstm needs an initial state of shape \(6, 5\), got \(1, 5\)",
        ("mask", (6, TIME, 1)): r"lstm needs mask of shape \(6, 6\), got \(6, 6, 1\)",
        ("bias", (1, 20)): r"lstm needs bias of shape \(20,\), got \(1, 20\)",
        ("recurrent_kernel", (20, 15)): "lstm needs (kernel|weight) of shape",
    }.items():
        wrong = {change[0]: half[0].tensor(np.zeros(change[1]))}
        mask = {"mask": wrong.pop("mask")} if "mask" in wrong else {}
        with pytest.raises(ValueError, match=message):
            function(*{**given, **wrong}.values(), **mask)


@every_half
@pytest.mark.parametrize("name, shape", {"simple_rnn": (5,), "lstm": (20,), "gru": (2, 15)}.items())
def test_each_function_names_the_bias_it_needs(name, shape, half):
    function, arrays = native(case(name), half)
    arrays["bias"] = np.zeros((3, *shape))
    message = f"{name} needs bias of shape {shape}, got {(3, *shape)}"
    with pytest.raises(ValueError, match=re.escape(message)):
        function(*map(half[0].tensor, arrays.values()))


RESET_FIRST = {
    "TensorFlow": "(sigmoid(a_r + m_r) * h) @ recurrent_kernel[:, -h.shape[1] :]",
    "torch": "(sigmoid(a_r + m_r) * h) @ recurrent_weight.T[:, -h.shape[1] :]",
}
MISTAKES = {
    "gates in another order": ("lstm", "z_i, z_f, z_n, z_o", "z_f, z_i, z_n, z_o"),
    "the state before is not the one before": ("lstm", "g_c * c_before", "g_c * c"),
    "no gradient from later steps by way of c": ("lstm", "g_c + tanh_gradient(", "tanh_gradient("),
    "a mask ignored on the way back": ("lstm", "c], _seen(x, mask)", "c], _seen(x, None)"),
    "a state moved too far": ("simple_rnn", "= _before(h, h0)", "= h"),
    "an update gate the other way round": ("gru", "sigmoid(-a_u - m_u) * n", "sigmoid(a_u) * n"),
    "reset before the product": ("gru", "sigmoid(a_r + m_r) * m_n", RESET_FIRST),
    "no reset on the way back": ("gru", "g_n * r]", "g_n]"),
    "no gradient of the recurrent bias": ("gru", "sum(g_m, (0, 1))", "sum(0 * g_m, (0, 1))"),
}


@every_half
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_seen(mistake, half):
    framework, module, dialect = half
    name, right, wrong = MISTAKES[mistake]
    source = Path(module.__file__).read_text()
    assert right in source
    wrong = wrong[framework.NAME] if isinstance(wrong, dict) else wrong
    tree = ast.parse(source.replace(right, wrong))
    # without the layers, which would be registered with Keras
    tree.body = [node for node in tree.body if not isinstance(node, ast.ClassDef)]
    planted = types.ModuleType("planted")
    exec(compile(tree, "planted", "exec"), planted.__dict__)
    by_hand = next(parties(framework, planted, dialect))
    assert failures([case(name)], [by_hand], "float64") != []
