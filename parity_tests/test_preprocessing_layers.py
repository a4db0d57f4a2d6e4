"""Preprocessing in use: what is refused, what a call may be given, saving, loading, autodiff."""

import keras
import numpy as np
import pytest
import torch

import tf_impl.preprocessing
import torch_impl.preprocessing
from parity_tests.preprocessing_cases import ROWS, SPLITS, fitted, held, module
from shared.comparison import compare, gamma
from shared.reference import preprocessing as reference

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.layer)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_row
def test_a_layer_is_its_function_at_the_statistics_of_the_training_split(half, row, dtype):
    x = SPLITS["digits"]
    layer = fitted(half, row, x[:400], dtype)
    before = held(half, layer)
    tensors = [
        half.framework.tensor(values) for values in (x[400:].astype(dtype), *before.values())
    ]
    expected = half.framework.array(getattr(module(half), row.function)(*tensors))
    for _ in range(2):  # calls change nothing, in training neither
        if half.framework.NAME == "torch":
            layer.train()
        np.testing.assert_array_equal(half.framework.array(layer(tensors[0])), expected)
    for name, value in held(half, layer).items():
        np.testing.assert_array_equal(value, before[name])
    assert not any(getattr(w, "trainable", False) for w in getattr(layer, "weights", []))
    assert not list(layer.parameters() if half.framework.NAME == "torch" else [])


@every_row
def test_what_no_statistics_can_be_taken_of_is_refused(half, row):
    spoiled = np.ones((5, 2))
    spoiled[3, 1], spoiled[4, 0] = np.nan, np.inf
    for x, message in (
        (spoiled, r"of nan in row 3, column 1: drop or fill such rows \(2 of 5\) first"),
        (np.zeros((0, 2)), r"needs a training split of \(rows, features\), got \(0, 2\)"),
        (np.zeros(3), r"needs a training split of \(rows, features\), got \(3,\)"),
    ):
        with pytest.raises(ValueError, match=f"{row.layer} .*{message}"):
            fitted(half, row, x)


def test_one_row_leaves_no_direction_to_whiten(half):
    with pytest.raises(ValueError, match="no direction is left to whiten: the 1 rows do not"):
        fitted(half, ROWS[3], SPLITS["one row"])


@every_row
def test_a_call_before_fitting_and_other_features_are_refused(half, row):
    x = half.framework.tensor(np.ones((2, 3), np.float32))
    with pytest.raises(RuntimeError, match=rf"{row.layer} has no statistics yet: call (adapt|fit)"):
        getattr(module(half), row.layer)()(x)
    layer = fitted(half, row, np.arange(8.0).reshape(4, 2), "float32")
    with pytest.raises(ValueError, match=rf"{row.function} needs .* of shape \(3,\), got \(2,\)"):
        layer(x)


@every_row
def test_integers_empty_batches_nan_and_leading_axes(half, row):
    whole = np.array([[1, 5], [3, 9], [8, 1]])
    layer = fitted(half, row, whole.astype(np.float64))
    wide = half.framework.array(layer(half.framework.tensor(whole.astype(np.float64))))
    np.testing.assert_array_equal(layer(half.framework.tensor(whole)), wide)
    assert half.framework.array(layer(half.framework.tensor(np.zeros((0, 2))))).shape == (0, 2)
    spoiled = whole.astype(np.float64)
    spoiled[1, 0] = np.nan
    h = half.framework.array(layer(half.framework.tensor(spoiled)))
    assert np.isnan(h[1, 0]) and np.isfinite(h[[0, 2]]).all()
    stacked = half.framework.array(layer(half.framework.tensor(np.stack([whole, whole]) * 1.0)))
    bound = row.size("float64", np.float64(whole), *held(half, layer).values())
    assert compare(stacked, [wide, wide], [bound, bound], "float64").agrees


@every_row
def test_fitting_again_forgets_what_was_before(half, row):
    first, second = np.split(SPLITS["far from 0"], 2)
    layer = fitted(half, row, first)
    getattr(layer, "adapt" if half.framework.NAME == "TensorFlow" else "fit")(second)
    fresh = held(half, fitted(half, row, second))
    for name, value in held(half, layer).items():
        np.testing.assert_array_equal(value, fresh[name])


@every_row
def test_a_keras_layer_comes_back_from_disk_within_its_model(row, tmp_path):
    x = SPLITS["digits"]
    layer = getattr(tf_impl.preprocessing, row.layer)(dtype="float64")
    layer.adapt(x)
    model = keras.Sequential([keras.Input((64,)), layer, keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    before = [w.numpy() for w in layer.weights]
    model.fit(x, np.ones((len(x), 2)), epochs=1, verbose=0)
    for weight, value in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(x), model(x))
    assert type(again.layers[0]) is type(layer)
    assert again.layers[0].get_config() == layer.get_config()


def test_keras_refuses_other_shapes_than_a_model_was_built_upon():
    layer = tf_impl.preprocessing.Standardization()
    layer.adapt(np.eye(3))
    with pytest.raises(ValueError, match=r"Standardization.adapt needs mean of shape \(3,\), got"):
        layer.adapt(np.eye(4))
    np.testing.assert_array_equal(layer.mean, np.full(3, 1 / 3, np.float32))


def test_a_keras_layer_in_half_precision_centers_before_it_rounds():
    layer = tf_impl.preprocessing.Standardization(dtype="mixed_float16")
    x = np.array([[99_000.0], [101_000.0]])  # float16 ends at 65504
    layer.adapt(x)
    h = layer(x)
    assert h.dtype == "float16"
    assert h.numpy().tolist() == [[-1.0], [1.0]]


@every_row
def test_a_module_comes_back_from_its_state(row, tmp_path):
    x = torch.tensor(SPLITS["digits"])
    module = getattr(torch_impl.preprocessing, row.layer)().fit(x)
    model = torch.nn.Sequential(module, torch.nn.LazyLinear(2).double())
    model(x)
    torch.save(model.state_dict(), tmp_path / "state.pt")
    again = torch.nn.Sequential(type(module)(), torch.nn.Linear(*model[1].weight.T.shape).double())
    again.load_state_dict(torch.load(tmp_path / "state.pt"))
    assert torch.equal(again(x), model(x))
    assert all(v.dtype == torch.float64 for v in again.state_dict().values())
    assert set(module.state_dict()) == set(module.statistics)
    with pytest.raises(RuntimeError, match="Missing key"):
        module.load_state_dict(type(module)().state_dict())


@every_row
def test_autodiff_passes_through(half, row):
    x = SPLITS["insurance"]
    layer = fitted(half, row, x)
    h, (g,) = half.framework.value_and_gradients(layer, x)
    statistics = held(half, layer).values()
    step = getattr(reference, row.function)(np.eye(2) + x[:1], *statistics)
    expected = (step - getattr(reference, row.function)(x[:1], *statistics)).sum(1)
    # the functions are affine, so their differences are their slopes
    bound = gamma(16, "float64") * (np.abs(step).sum() + np.abs(h).max())
    assert compare(g, np.broadcast_to(expected, g.shape), bound, "float64").agrees
