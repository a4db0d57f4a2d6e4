"""Weights that do not fit are refused, with layer, tensor, what was expected and what was found."""

import keras
import numpy as np
import pytest
import torch

from parity_tests.weighted_layers import PAIRS, keras_weights, torch_state
from shared.weights import WeightError, check, draw, layout, to_keras, to_torch

every_pair = pytest.mark.parametrize("pair", PAIRS, ids=str)
MODEL = {"hidden": "Linear", "block": {"out": layout("Linear", without=("bias",))}}
MODEL_SIZES = {"hidden": {"inputs": 3, "units": 5}, "block": {"out": {"inputs": 5, "units": 2}}}
KERNEL = np.zeros((3, 20))  # of an LSTM, 3 by 4 · 5
RECURRENT = np.zeros((5, 20))


def message(function, *arguments):
    with pytest.raises(WeightError) as caught:
        function(*arguments)
    said = str(caught.value)
    assert "\n" not in said and said.endswith(".")
    return said


def both_sides(pair):
    weights = draw(pair.layout, pair.sizes, seed=0)
    return (to_torch, weights), (to_keras, to_torch(pair.layout, weights))


@every_pair
def test_a_missing_tensor_is_named_with_its_shape(pair):
    for move, arrays in both_sides(pair):
        shapes = pair.layout.shapes("keras" if move is to_torch else "torch")
        for name in arrays:
            rest = {other: arrays[other] for other in arrays if other != name}
            said = message(move, pair.layout, rest)
            assert said.startswith(f"{pair.name}, {name}: expected a tensor of shape (")
            assert all(axis in said for axis in shapes[name])
            assert f"found {'only ' if rest else 'nothing'}{', '.join(rest)};" in said


@every_pair
def test_an_extra_tensor_is_named_with_its_shape(pair):
    for move, arrays in both_sides(pair):
        said = message(move, pair.layout, {**arrays, "kernel_1": np.zeros((2, 7))})
        only = f"only {', '.join(arrays)}" if arrays else "nothing"
        expected = f"expected {only}, found one more, of shape (2, 7);"
        assert said.startswith(f"{pair.name}, kernel_1: {expected}")


@every_pair
def test_a_tensor_of_another_rank_is_named(pair):
    for move, arrays in both_sides(pair):
        for name, values in arrays.items():
            said = message(move, pair.layout, {**arrays, name: values[np.newaxis]})
            assert said.startswith(f"{pair.name}, {name}: expected shape (")
            assert f"found shape {(1, *values.shape)};" in said


@every_pair
def test_an_axis_that_is_longer_than_another_tensor_says_is_refused(pair):
    for move, arrays in both_sides(pair):
        shapes = pair.layout.shapes("keras" if move is to_torch else "torch")
        sizes = [axis.split()[-1] for shape in shapes.values() for axis in shape]
        for name, values in arrays.items():
            for axis, size in enumerate(shapes[name]):
                if sizes.count(size.split()[-1]) > 1:
                    longer = np.repeat(values, 2, axis)
                    said = message(move, pair.layout, {**arrays, name: longer})
                    assert said.startswith(f"{pair.name}, ")


@pytest.mark.parametrize(
    "kernel, recurrent, bias, said",
    [
        (
            *(KERNEL, np.zeros((4, 16)), np.zeros(20)),
            "LSTM, recurrent_kernel: expected shape (units, 4 units) = (5, 20), found shape "
            "(4, 16); units = 5 as kernel has it; pass the tensors of one layer, in its declared "
            "layout.",
        ),
        (
            *(KERNEL, RECURRENT, np.zeros(16)),
            "LSTM, bias: expected shape (4 units,) = (20,), found shape (16,); units = 5 as kernel "
            "has it; pass the tensors of one layer, in its declared layout.",
        ),
        (
            *(np.zeros((3, 18)), RECURRENT, np.zeros(20)),
            "LSTM, kernel: expected shape (inputs, 4 units) = (3, 16), found shape (3, 18); pass "
            "the tensors of one layer, in its declared layout.",
        ),
        (
            *(np.zeros(20), RECURRENT, np.zeros(20)),
            "LSTM, kernel: expected shape (inputs, 4 units), found shape (20,); pass the tensors "
            "of one layer, in its declared layout.",
        ),
    ],
)
def test_a_shape_error_says_which_tensor_speaks_against_it(kernel, recurrent, bias, said):
    arrays = {"kernel": kernel, "recurrent_kernel": recurrent, "bias": bias}
    assert message(to_torch, "LSTM", arrays) == said


def test_what_has_no_counterpart_is_refused():
    gru = keras.layers.GRU(5, reset_after=False)
    gru.build((None, 4, 3))
    said = message(to_torch, "GRU", keras_weights(gru))
    assert said.startswith("GRU, bias: expected shape (2, 3 units) = (2, 15), found shape (15,);")
    for options, extra in (
        ({"num_layers": 2}, "weight_ih_l1"),
        ({"bidirectional": True}, "weight_ih_l0_reverse"),
        ({"proj_size": 2}, "weight_hr_l0"),
    ):
        state = torch_state(torch.nn.LSTM(3, 5, **options))
        assert message(to_keras, "LSTM", state).startswith(
            f"LSTM, {extra}: expected only weight_ih"
        )


def test_errors_in_a_model_name_the_path():
    weights = draw(MODEL, MODEL_SIZES, seed=0)
    wrong = {**weights, "hidden/bias": np.zeros(4)}
    assert message(to_torch, MODEL, wrong).startswith("hidden (Linear), bias: expected shape (un")
    del wrong["block/out/kernel"]
    wrong["hidden/bias"] = weights["hidden/bias"]
    assert message(to_torch, MODEL, wrong).startswith("block/out (Linear), kernel: expected a ten")
    for extra in ("output/kernel", "block/kernel", "kernel", "block/out/deep/kernel"):
        said = message(to_torch, MODEL, {**weights, extra: KERNEL})
        assert said.startswith(f"model, {extra}: expected only hidden/…, block/out/…, found ")
    both = {**weights, "hidden": {"kernel": KERNEL}}
    assert message(to_torch, MODEL, both).startswith("hidden (Linear), kernel: expected one such")


def test_a_layer_by_itself_takes_names_as_they_are():
    arrays = {"kernel": np.zeros((3, 5)), "bias": np.zeros(5), "dense/kernel": np.zeros((3, 5))}
    said = message(to_torch, "Linear", arrays)
    assert said.startswith("Linear, dense/kernel: expected only kernel, bias, found one more, of ")


@pytest.mark.parametrize(
    "declared, said",
    [
        ("Dense", "no layer 'Dense' is declared; the layers are Linear, "),
        ({"a": 3}, "no layer 3 is declared; the layers are Linear, "),
        ({"a.b": "Linear"}, "layer name 'a.b': in torch a dot separates names; "),
    ],
)
def test_a_layer_that_is_not_declared_is_refused_with_those_that_are(declared, said):
    assert message(to_torch, declared, {}).startswith(said)


def test_a_weight_that_a_layer_lacks_cannot_be_left_out():
    said = message(layout, "Linear", ("gamma", "bias"))
    assert said == "Linear has no weight gamma, only kernel, bias."


@pytest.mark.parametrize(
    "arrays, said",
    [
        ({"a": np.zeros(2)}, "here, b: expected a tensor of shape (), found only a; mend it."),
        (
            {"a": np.zeros(2), "b": np.zeros(()), "c": np.zeros(3)},
            "here, c: expected only a, b, found one more, of shape (3,); mend it.",
        ),
        (
            {"a": np.zeros((2, 1)), "b": np.zeros(())},
            "here, a: expected shape (2,), found shape (2, 1); mend it.",
        ),
    ],
)
def test_arrays_are_held_to_names_and_shapes(arrays, said):
    assert message(check, "here", arrays, {"a": (2,), "b": ()}, "mend it") == said
