"""The layers are the frameworks' own kind: they train, save, load, copy and show their options."""

import copy
import pickle

import keras
import numpy as np
import pytest
import torch

import tf_impl.activations
import torch_impl.activations
from shared.catalogue import ACTIVATIONS
from shared.vocabulary import translate_options

OPTIONS = {  # none of them a default
    "leaky_relu": {"negative_slope": 0.2},
    "softmax": {"axis": 1},
    "log_softmax": {"axis": 1},
    "maxout": {"pieces": 3},
    "elu": {"alpha": 0.7},
}
PRELU = {"channels": 12, "initial_slope": 0.3}
X = np.random.default_rng(0).normal(size=(8, 12)).astype(np.float32)

every_concept = pytest.mark.parametrize("concept", ACTIVATIONS, ids=lambda concept: concept.name)


def arguments(concept):
    return PRELU if concept.name == "prelu" else OPTIONS.get(concept.name, {})


def keras_layer(concept, **more):
    return getattr(tf_impl.activations, concept.layer)(**arguments(concept), **more)


def torch_layer(concept):
    return getattr(torch_impl.activations, concept.layer)(**translate_options(arguments(concept)))


@every_concept
def test_a_layer_is_its_function(half, concept):
    options = half.dialect.options(OPTIONS.get(concept.name, {}))
    layer = getattr(half.activations, concept.layer)(**half.dialect.options(arguments(concept)))
    slope = (np.full(12, 0.3, np.float32),) if concept.name == "prelu" else ()
    value = getattr(half.activations, concept.name)
    expected, (g_x, *_) = half.framework.value_and_gradients(
        lambda *tensors: value(*tensors, **options), X, *slope
    )
    h, gradients = half.framework.value_and_gradients(layer, X)
    np.testing.assert_array_equal(h, expected)
    np.testing.assert_array_equal(gradients[0], g_x)


@pytest.fixture(scope="module")
def trained():
    """A Keras model with a branch for every layer, its weights at first, and after an epoch."""
    keras.utils.set_random_seed(1)
    x = keras.Input((12,))
    branches = [keras.Sequential([keras.layers.Dense(12), keras_layer(c)]) for c in ACTIVATIONS]
    model = keras.Model(x, keras.layers.Concatenate()([branch(x) for branch in branches]))
    before = [weights.copy() for weights in model.get_weights()]
    model.compile("sgd", "mse")
    history = model.fit(X, np.ones((8, model.output_shape[1])), epochs=1, verbose=0)
    return model, before, history.history["loss"][0]


def test_keras_fits_every_layer(trained):
    model, before, loss = trained
    after = model.get_weights()
    assert len(after) == 2 * len(ACTIVATIONS) + 1  # a kernel and a bias each, and the slopes
    assert all(np.any(new != old) for new, old in zip(after, before, strict=True))
    assert model.evaluate(X, np.ones((8, model.output_shape[1])), verbose=0) < loss


def test_keras_saves_and_loads_every_layer_bit_for_bit(trained, tmp_path):
    model, *_ = trained
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    for new, old in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    layers = {type(layer) for branch in loaded.layers[1:-1] for layer in branch.layers[1:]}
    assert layers == {getattr(tf_impl.activations, concept.layer) for concept in ACTIVATIONS}


@every_concept
def test_a_keras_layer_is_made_again_from_its_config(concept):
    layer = keras_layer(concept, name="mine", trainable=False)
    assert isinstance(layer, keras.layers.Layer)
    config = layer.get_config()
    assert arguments(concept).items() <= config.items()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    assert (again.name, again.trainable) == ("mine", False)
    np.testing.assert_array_equal(again(X), layer(X))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
@every_concept
def test_a_keras_layer_follows_its_dtype_policy(concept, policy):
    layer = keras_layer(concept, dtype=policy)
    outputs = layer(X.astype(np.float64))
    assert outputs.dtype.name == layer.compute_dtype == policy.removeprefix("mixed_")
    assert all(w.dtype == layer.variable_dtype for w in layer.weights)
    assert np.isfinite(np.asarray(outputs, np.float64)).all()


@every_concept
def test_a_keras_layer_knows_its_output_shape(concept):
    x = keras.Input((5, 12))
    assert keras_layer(concept)(x).shape == (None, 5, 4 if concept.name == "maxout" else 12)


@every_concept
def test_torch_trains_every_module(concept):
    torch.manual_seed(1)
    layer = torch_layer(concept)
    assert isinstance(layer, torch.nn.Module)
    model = torch.nn.Sequential(torch.nn.Linear(12, 12), layer)
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses = []
    for _ in range(2):
        optimizer.zero_grad()
        losses.append((model(torch.tensor(X)) - 1).square().mean())
        losses[-1].backward()
        optimizer.step()
    assert losses[1] < losses[0]
    assert all(torch.any(new != before[name]) for name, new in model.state_dict().items())


@every_concept
def test_a_module_comes_back_from_copying_pickling_and_its_state(concept, tmp_path):
    module = torch_layer(concept)
    for parameter in module.parameters():
        torch.nn.init.uniform_(parameter)
    torch.save(module.state_dict(), tmp_path / "state.pt")
    restored = torch_layer(concept)
    restored.load_state_dict(torch.load(tmp_path / "state.pt"))
    x = torch.tensor(X)
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), restored):
        assert repr(again) == repr(module)
        assert torch.equal(again(x), module(x))


@every_concept
def test_a_module_shows_its_options(concept):
    options = translate_options(arguments(concept))
    shown = ", ".join(f"{name}={value}" for name, value in options.items())
    assert repr(torch_layer(concept)) == f"{concept.layer}({shown})"


@pytest.mark.parametrize("channels", [1, 12])
def test_slopes_move_to_and_from_torch(channels):
    ours, theirs = torch_impl.activations.PReLU(channels), torch.nn.PReLU(channels)
    assert torch.equal(ours.weight, theirs.weight)  # both start at 0.25
    for source, target in ((ours, theirs), (theirs, ours)):
        torch.nn.init.uniform_(source.weight)
        target.load_state_dict(source.state_dict())
        assert torch.equal(target(torch.tensor(X)), source(torch.tensor(X)))


@pytest.mark.parametrize("shape, shared_axes", [((12,), None), ((4, 5, 12), [1, 2])])
def test_slopes_move_to_and_from_keras(shape, shared_axes):
    x = np.random.default_rng(2).normal(size=(3, *shape)).astype(np.float32)
    theirs = keras.layers.PReLU("random_uniform", shared_axes=shared_axes)
    ours = tf_impl.activations.PReLU(12)
    theirs.build(x.shape)
    ours.build(x.shape)
    ours.set_weights([weights.reshape(12) for weights in theirs.get_weights()])
    np.testing.assert_array_equal(ours(x), theirs(x))
    ours.set_weights([np.linspace(0.1, 0.6, 12)])
    theirs.set_weights([ours.get_weights()[0].reshape(theirs.alpha.shape)])
    np.testing.assert_array_equal(theirs(x), ours(x))
