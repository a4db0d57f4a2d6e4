"""Weights move between layers of the frameworks, and whole models, and come back bit for bit."""

from collections import OrderedDict

import keras
import numpy as np
import pytest
import torch

from parity_tests.weighted_layers import PAIRS, PLAIN, SUMMING, keras_weights, torch_state
from shared.comparison import unit_roundoff
from shared.weights import draw, layout, to_keras, to_torch
from shared.weights.sizes import filled

every_pair = pytest.mark.parametrize("pair", PAIRS, ids=str)


def patterns(shapes, dtype, seed=0):
    """Arrays of random bits: NaN of every payload, infinities, subnormal numbers, −0.0 and 0.0."""
    rng = np.random.default_rng(seed)
    width = np.dtype(dtype).itemsize
    arrays = {
        name: rng.integers(256, size=(*shape, width), dtype=np.uint8).view(dtype)[..., 0]
        for name, shape in shapes.items()
    }
    for values in arrays.values():
        values.flat[:3] = -0.0, 0.0, np.finfo(dtype).smallest_subnormal
    return arrays


def assert_same_bits(left, right):
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].dtype == right[name].dtype and left[name].shape == right[name].shape
        assert left[name].tobytes() == right[name].tobytes(), name


@every_pair
def test_the_declared_names_and_shapes_are_those_of_the_frameworks(pair):
    for framework, arrays in (
        ("keras", keras_weights(pair.keras_layer())),
        ("torch", torch_state(pair.torch_layer())),
    ):
        declared = pair.layout.shapes(framework)
        assert {n: filled(shape, pair.sizes) for n, shape in declared.items()} == {
            name: values.shape for name, values in arrays.items()
        }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_pair
def test_weights_come_back_from_torch_layers_bit_for_bit(pair, dtype):
    weights = {n: w.astype(dtype) for n, w in draw(pair.layout, pair.sizes, seed=5).items()}
    there = keras_weights(pair.keras_layer(dtype, weights))
    assert_same_bits(there, weights)
    state = torch_state(pair.torch_layer(dtype, to_torch(pair.layout, there)))
    back = pair.keras_layer(dtype, to_keras(pair.layout, state))
    assert_same_bits(keras_weights(back), weights)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@every_pair
def test_every_bit_pattern_comes_back_from_either_side(pair, dtype):
    for source, there, back in (("keras", to_torch, to_keras), ("torch", to_keras, to_torch)):
        declared = pair.layout.shapes(source)
        declared.pop("num_batches_tracked", None)
        arrays = patterns({n: filled(shape, pair.sizes) for n, shape in declared.items()}, dtype)
        if source == "torch" and "num_batches_tracked" in pair.layout.shapes(source):
            arrays["num_batches_tracked"] = np.zeros((), np.int64)  # Keras does not count
        if source == "torch" and "bias_hh_l0" in arrays and pair.name in SUMMING:
            arrays["bias_hh_l0"] = np.zeros_like(arrays["bias_hh_l0"])  # else they are summed
        kept = {name: values.copy() for name, values in arrays.items()}
        assert_same_bits(back(pair.layout, there(pair.layout, arrays)), arrays)
        assert_same_bits(arrays, kept)


@pytest.mark.parametrize("name", SUMMING)
def test_two_biases_of_torch_are_added_with_one_rounding_and_stay_added(name):
    pair = PLAIN[name]
    state = {n: values.astype(np.float32) for n, values in torch_state(pair.torch_layer()).items()}
    exact = state["bias_ih_l0"].astype(np.float64) + state["bias_hh_l0"]
    weights = to_keras(name, state)
    assert weights["bias"].dtype == np.float32
    assert (np.abs(weights["bias"] - exact) <= unit_roundoff("float32") * np.abs(exact)).all()
    again = to_torch(name, weights)
    assert_same_bits({"bias": again["bias_ih_l0"]}, {"bias": weights["bias"]})
    assert not again["bias_hh_l0"].any()


def test_moved_weights_share_no_memory_with_those_they_came_from():
    for name, pair in PLAIN.items():
        weights = draw(name, pair.sizes, seed=0)
        state = to_torch(name, weights)
        again = to_keras(name, state)
        for old, new in ((weights, state), (state, again)):
            assert not any(np.shares_memory(a, b) for a in old.values() for b in new.values())
            assert all(b.flags.c_contiguous and b.flags.writeable for b in new.values())


class Classifier(torch.nn.Module):
    """Three layers, two of them alike and in a block of their own."""

    def __init__(self):
        super().__init__()
        layers = {"first": torch.nn.Linear(4, 4), "second": torch.nn.Linear(4, 4)}
        self.block = torch.nn.Sequential(OrderedDict(layers))
        self.out = torch.nn.Linear(4, 2, bias=False)

    def forward(self, x):
        return self.out(self.block(x))


MODEL = {
    "block": {"first": "Linear", "second": "Linear"},
    "out": layout("Linear", without=("bias",)),
}
SQUARE = {"inputs": 4, "units": 4}
SIZES = {"block": {"first": SQUARE, "second": SQUARE}, "out": {"inputs": 4, "units": 2}}


def keras_classifier():
    block = [keras.layers.Dense(4, name=name, dtype="float64") for name in ("first", "second")]
    out = keras.layers.Dense(2, use_bias=False, name="out", dtype="float64")
    model = keras.Sequential([keras.Sequential(block, name="block"), out], name="classifier")
    model.build((None, 4))
    return model


def test_a_whole_model_moves_by_the_paths_of_its_layers():
    # whole numbers, so that no sum rounds and the outputs are the same to the bit
    weights = {path: np.round(8 * values) for path, values in draw(MODEL, SIZES, seed=1).items()}
    of_keras, of_torch = keras_classifier(), Classifier().double()
    variables = {v.path.removeprefix("classifier/"): v for v in of_keras.weights}
    assert variables.keys() == weights.keys()
    for path, variable in variables.items():
        variable.assign(weights[path])
    of_torch.load_state_dict({n: torch.tensor(w) for n, w in to_torch(MODEL, weights).items()})
    assert_same_bits(to_keras(MODEL, torch_state(of_torch)), weights)
    outputs = of_torch(torch.eye(4, dtype=torch.float64)).detach().numpy()
    np.testing.assert_array_equal(outputs, of_keras(np.eye(4)))


def test_a_nested_model_moves_as_one_named_by_path():
    weights = draw(MODEL, SIZES, seed=1)
    nested = {"block": {"first": {}, "second": {}}, "out": {"kernel": weights["out/kernel"]}}
    for name in ("kernel", "bias"):
        nested["block"]["first"][name] = weights[f"block/first/{name}"]
        nested["block"]["second"][name] = weights[f"block/second/{name}"]
    assert_same_bits(to_torch(MODEL, nested), to_torch(MODEL, weights))
