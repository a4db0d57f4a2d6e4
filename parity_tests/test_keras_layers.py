"""The Keras layers as Keras's own kind: they train, save, load, follow a dtype policy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_impl.layers as tl
from shared.data import load_digits

IMAGES, LABELS = (values[:96] for values in load_digits())
IMAGES = IMAGES.reshape(-1, 8, 8, 1).astype(np.float32)
IDS = np.random.default_rng(0).integers(0, 6, (32, 5))

KERAS_LAYERS = {  # none of the options is a default
    "Linear": (lambda **k: tl.Linear(3, use_bias=False, **k), (4, 5)),
    "Activation": (lambda **k: tl.Activation("tanh", **k), (4, 5)),
    "Flatten": (lambda **k: tl.Flatten(**k), (4, 5, 2)),
    "Dropout": (lambda **k: tl.Dropout(0.3, seed=4, **k), (4, 5)),
    "BatchNorm": (lambda **k: tl.BatchNorm(0.2, 1e-4, "new", True, **k), (4, 5)),
    "LayerNorm": (lambda **k: tl.LayerNorm((1, 2), 1e-4, **k), (4, 5, 2)),
    "Conv2D": (lambda **k: tl.Conv2D(3, (3, 2), 2, "same", False, **k), (4, 6, 5, 2)),
    "MaxPool2D": (lambda **k: tl.MaxPool2D((2, 3), 1, **k), (4, 6, 5, 2)),
    "AveragePool2D": (lambda **k: tl.AveragePool2D((2, 3), (1, 2), **k), (4, 6, 5, 2)),
    "Embedding": (lambda **k: tl.Embedding(6, 3, **k), (4, 5)),
}
every_layer = pytest.mark.parametrize("name", KERAS_LAYERS)


def example(name, shape, dtype=np.float32):
    rng = np.random.default_rng(3)
    return (
        rng.integers(0, 6, shape) if name == "Embedding" else rng.normal(size=shape).astype(dtype)
    )


def test_every_layer_is_tried_here():
    names = {name for name in tl.__all__ if isinstance(getattr(tl, name), type)}
    recurrent = {"SimpleRNN", "LSTM", "GRU"}
    assert set(KERAS_LAYERS) == names - recurrent


def convolutional_network():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)), tl.Conv2D(6, 3, padding="same"), tl.BatchNorm(0.9),
            tl.Activation("relu"), tl.MaxPool2D(2), tl.Conv2D(6, 3, 2, padding=1),
            tl.Activation("silu"), tl.AveragePool2D(2), tl.Flatten(), tl.Linear(16), tl.LayerNorm(),
            tl.Dropout(0.1, seed=1), tl.Linear(10),
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def fitted():
    """A Keras network of all layers for images, its weights at first, and its losses."""
    keras.utils.set_random_seed(1)
    model = convolutional_network()
    before = model.get_weights()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    losses = model.fit(IMAGES, LABELS, epochs=6, batch_size=20, verbose=0).history["loss"]
    return model, before, losses


def test_keras_fits_a_network_of_them(fitted):
    model, before, losses = fitted
    assert losses[-1] < 0.7 * losses[0]
    assert all(np.any(new != old) for new, old in zip(model.get_weights(), before, strict=True))


def test_keras_saves_and_loads_the_network_bit_for_bit(fitted, tmp_path):
    model, *_ = fitted
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in model.layers]
    for new, old in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
    np.testing.assert_array_equal(loaded(IMAGES), model(IMAGES))


def test_keras_compiles_the_network_with_xla_for_training():
    keras.utils.set_random_seed(1)
    model = convolutional_network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=True)
    first, second = (model.train_on_batch(IMAGES[:16], LABELS[:16]) for _ in range(2))
    assert np.isfinite(first) and first != second


def test_keras_fits_an_embedding():
    model = keras.Sequential([tl.Embedding(6, 4), tl.Flatten(), tl.Linear(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    target = (IDS == 2).sum(axis=1, keepdims=True).astype(np.float32)
    losses = model.fit(IDS, target, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


@every_layer
def test_a_keras_layer_is_made_again_from_its_config(name):
    make, shape = KERAS_LAYERS[name]
    layer, x = make(name="mine", trainable=False), example(name, shape)
    layer(x)
    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    assert (again.name, again.trainable) == ("mine", False)
    again.build(shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x), layer(x))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
@every_layer
def test_a_keras_layer_follows_its_dtype_policy(name, policy):
    make, shape = KERAS_LAYERS[name]
    layer, x = make(dtype=policy), tf.constant(example(name, shape, np.float64))
    training = {"training": True} if name in ("BatchNorm", "Dropout") else {}
    with tf.GradientTape() as tape:
        h = layer(x, **training)
    assert h.dtype.name == layer.compute_dtype == policy.removeprefix("mixed_")
    assert all(w.dtype == layer.variable_dtype for w in layer.weights)
    gradients = tape.gradient(h, [v.value for v in layer.trainable_variables])
    for values in (h, *gradients):
        assert np.isfinite(np.asarray(tf.cast(values, tf.float64))).all()


@every_layer
def test_a_keras_layer_knows_its_output_shape(name):
    make, shape = KERAS_LAYERS[name]
    layer, x = make(), example(name, shape)
    expected = tuple(layer(x).shape)
    assert layer(keras.Input(shape[1:], dtype=x.dtype.name)).shape == (None, *expected[1:])


@pytest.mark.parametrize(
    "layer",
    [tl.Linear(3), tl.Activation("relu"), tl.Dropout(0.5), tl.LayerNorm()],
    ids=lambda layer: type(layer).__name__,
)
def test_a_keras_layer_of_single_elements_or_samples_hands_a_mask_on(layer):
    x = keras.layers.Masking()(tf.constant([[[1.0], [0.0]], [[2.0], [3.0]]]))
    # in training, since at inference Dropout hands on its input, mask and all
    h = layer(x, training=True) if isinstance(layer, tl.Dropout) else layer(x)
    np.testing.assert_array_equal(h._keras_mask, [[True, False], [True, True]])
