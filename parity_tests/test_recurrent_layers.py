"""The recurrent layers as drop-ins: they train, save, load, pass masks and hand states on."""

import copy
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch

import tf_impl.layers as tl
import torch_impl.layers as hl
from parity_tests.recurrent_cases import LAYERS, every_layer
from shared.catalogue.recurrent import FEATURES, MASK, STATES, UNITS, drawn

TIME = MASK.shape[1]


@every_layer
def test_a_layer_is_its_function_from_states_of_0(name):
    x, first = drawn(2, TIME, FEATURES, seed=40), [np.zeros((2, UNITS))] * len(STATES[name])
    layer = getattr(tl, LAYERS[name])(UNITS, dtype="float64")
    last = layer(x)
    h = getattr(tl, name)(tf.constant(x), *layer.weights, *map(tf.constant, first))
    np.testing.assert_array_equal(last, h[:, -1, :UNITS])
    module = getattr(hl, LAYERS[name])(FEATURES, UNITS, torch.float64)
    weight, recurrent_weight, *biases = module.parameters()
    bias = torch.stack(biases) if name == "gru" else sum(biases)
    h = getattr(hl, name)(
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
    make = getattr(tl, LAYERS[name])
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
def test_torch_trains_copies_and_loads_a_masked_module(name, words, tmp_path):
    torch.manual_seed(4)
    ids, target = map(torch.tensor, words)
    embedding = torch.nn.Embedding(9, FEATURES)
    layer = getattr(hl, LAYERS[name])(FEATURES, UNITS)
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


@every_layer
def test_keras_finds_shapes_and_hands_states_on(name):
    make, count = getattr(tl, LAYERS[name]), len(STATES[name])
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


def test_tensorflow_traces_once_for_every_batch_size_and_length():
    specs = [tf.TensorSpec([None, None, FEATURES]), tf.TensorSpec([None, None], tf.bool)]
    for title in LAYERS.values():
        layer = getattr(tl, title)(UNITS, return_sequences=True)
        layer.build((None, None, FEATURES))
        traced = tf.function(lambda x, mask, layer=layer: layer(x, mask=mask), specs)
        for mask in (MASK, MASK[:1, :2]):
            x = drawn(*mask.shape, FEATURES, seed=50).astype(np.float32)
            assert traced(x, mask).shape == (*mask.shape, UNITS)
        assert traced.experimental_get_tracing_count() == 1
