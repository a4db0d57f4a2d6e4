"""The initializers in models: they fill layers and modules, train, and come back from disk."""

import json
import pickle
from functools import partial

import keras
import numpy as np
import torch
from torch import nn

from parity_tests.initializer_cases import (
    BY_NAME,
    KERAS,
    ROWS,
    TORCH,
    channels_first,
    channels_last,
    every_row,
)


def test_a_keras_model_trains_saves_and_starts_again(tmp_path):
    zeros, *others = (row.initializer(KERAS, seed) for seed, row in enumerate(ROWS))
    layer = partial(keras.layers.Conv1D, 4, 2, bias_initializer=zeros)
    layers = [layer(kernel_initializer=initializer) for initializer in others]
    model = keras.Sequential([keras.Input((9, 3)), *layers])
    first = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 9, 3)), np.ones((4, 2, 4)), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    again = keras.models.clone_model(loaded)  # built anew from the configuration that was saved
    for old, trained, saved, new in zip(
        first, *(m.get_weights() for m in (model, loaded, again)), strict=True
    ):
        np.testing.assert_array_equal(saved, trained)
        np.testing.assert_array_equal(new, old)
        assert (trained != old).any()


@every_row
def test_an_initializer_is_made_again_from_its_configuration(row):
    initializer = row.initializer(KERAS, seed=(3, 1))
    assert isinstance(initializer, keras.initializers.Initializer)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(initializer)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(initializer) and again.get_config().items() >= row.options.items()
    np.testing.assert_array_equal(again((4, 3)), initializer((4, 3)))
    assert initializer((4, 3)).dtype == keras.config.floatx()


@every_row
def test_a_torch_initializer_fills_the_parameters_of_a_module(row):
    module = nn.Sequential(nn.Conv1d(2, 3, 5), nn.Flatten(), nn.Linear(12, 4))
    kernels = [p for p in module.parameters() if p.ndim > 1]
    for seed, parameter in enumerate(kernels):
        initializer = row.initializer(TORCH, seed=seed)
        pickle.loads(pickle.dumps(initializer))(parameter)
        keras_shape = channels_last(np.empty(parameter.shape)).shape
        expected = channels_first(row.made(TORCH, keras_shape, "float32", seed))
        np.testing.assert_array_equal(parameter.detach(), expected)
    assert f"seed={seed}" in repr(initializer) and row.layer in repr(initializer)
    module(torch.ones(2, 2, 8)).square().sum().backward()
    assert all(p.is_leaf and p.requires_grad and p.grad is not None for p in kernels)


def test_an_embedding_is_filled_through_its_transpose():
    embedding, row = nn.Embedding(7, 4), BY_NAME["he_normal"]
    row.initializer(TORCH)(embedding.weight.T)
    np.testing.assert_array_equal(embedding.weight.detach(), row.made(KERAS, (7, 4), "float32"))
