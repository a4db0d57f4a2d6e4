"""Weights go into a model by name, all or none; what does not fit is named."""

import keras
import numpy as np
import pytest
import torch

from shared.weights import WeightError, to_torch

KERNEL, BIAS = np.arange(6, dtype=np.float32).reshape(3, 2), np.float32([7, 8])
KERAS = {"kernel": KERNEL, "bias": BIAS}


class KerasLinear:
    def layer(self):
        layer = keras.layers.Dense(2, name="hidden")
        layer.build((None, 3))
        return layer

    def model(self):
        return keras.Sequential([keras.Input((3,)), self.layer()])

    arrays = KERAS
    path = "hidden/"

    def weights(self, model):
        return {weight.name: weight.numpy() for weight in model.weights}


class TorchLinear:
    def layer(self):
        return torch.nn.Linear(3, 2)

    def model(self):
        return torch.nn.ModuleDict({"hidden": self.layer()})

    arrays = to_torch("Linear", KERAS)
    path = "hidden."

    def weights(self, model):
        return {n.split(".")[-1]: v.numpy().copy() for n, v in model.state_dict().items()}


@pytest.fixture
def kind(half):
    return {"TensorFlow": KerasLinear, "torch": TorchLinear}[half.framework.NAME]()


@pytest.mark.parametrize("whole", [False, True], ids=["layer", "model"])
def test_weights_go_in_by_name(half, kind, whole):
    model = kind.model() if whole else kind.layer()
    prefix = kind.path if whole else ""
    half.framework.load(model, {prefix + name: values for name, values in kind.arrays.items()})
    for name, values in kind.weights(model).items():
        np.testing.assert_array_equal(values, kind.arrays[name])


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda arrays: arrays.pop("bias"), "bias: expected a tensor of shape (2,)"),
        (lambda arrays: arrays.update(kernal=BIAS), "kernal: expected only"),
        (
            lambda arrays: arrays.update(bias=KERNEL),
            "bias: expected shape (2,), found shape (3, 2)",
        ),
    ],
    ids=["missing", "one too many", "another shape"],
)
def test_what_does_not_fit_is_named_and_nothing_is_set(half, kind, spoil, said):
    layer, arrays = kind.layer(), dict(kind.arrays)
    before = kind.weights(layer)
    spoil(arrays)
    with pytest.raises(WeightError) as error:
        half.framework.load(layer, arrays)
    assert said in str(error.value) and "build and name it alike" in str(error.value)
    for name, values in kind.weights(layer).items():
        np.testing.assert_array_equal(values, before[name])
