"""Networks built of this project's layers, and of the frameworks' own, with the same weights."""

from collections import OrderedDict

import numpy as np

from parity_tests.timings.networks import INPUTS
from shared.weights import to_torch

PLACES_BEHIND_CNN = (5, 5, 16)  # height, width and channels of what is flattened


def keras_model(half, problem, own):
    """The network as a Keras model, of the half's layers or of Keras's."""
    import keras

    if own:
        ours = half.module("layers")
        made = {
            "Linear": lambda s: ours.Linear(s["units"]),
            "ReLU": lambda s: half.module("activations").ReLU(),
            "Flatten": lambda s: ours.Flatten(),
            "Conv2D": lambda s: ours.Conv2D(s["filters"], 3),
            "MaxPool2D": lambda s: ours.MaxPool2D(2),
            "LSTM": lambda s: ours.LSTM(s["units"]),
        }
    else:
        made = {
            "Linear": lambda s: keras.layers.Dense(s["units"]),
            "ReLU": lambda s: keras.layers.ReLU(),
            "Flatten": lambda s: keras.layers.Flatten(),
            "Conv2D": lambda s: keras.layers.Conv2D(s["filters"], 3),
            "MaxPool2D": lambda s: keras.layers.MaxPooling2D(2),
            "LSTM": lambda s: keras.layers.LSTM(s["units"]),
        }
    model = keras.Sequential([made[step.kind](step) for step in problem.steps])
    model.build((None, *INPUTS[problem.name]))
    model.set_weights([w for of_layer in problem.weights for w in of_layer.values()])
    return model


def torch_model(half, problem, own):
    """The network as a torch module, of the half's modules or of torch's."""
    from torch import nn

    class Last(nn.Module):
        """h of the last step of a recurrent module."""

        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, x):
            h, _ = self.module(x)
            return h[:, -1]

    ours = half.module("layers")
    made = {
        "Linear": lambda s: (ours if own else nn).Linear(s["inputs"], s["units"]),
        "ReLU": lambda s: (half.module("activations") if own else nn).ReLU(),
        "Flatten": lambda s: (ours if own else nn).Flatten(),
        "Conv2D": lambda s: (ours.Conv2D if own else nn.Conv2d)(s["channels"], s["filters"], 3),
        "MaxPool2D": lambda s: (ours.MaxPool2D if own else nn.MaxPool2d)(2),
        "LSTM": lambda s: Last(
            ours.LSTM(s["inputs"], s["units"])
            if own
            else nn.LSTM(s["inputs"], s["units"], batch_first=True)
        ),
    }
    modules = [made[step.kind](step) for step in problem.steps]
    for module, step, weights in zip(modules, problem.steps, problem.weights, strict=True):
        if weights:
            arrays = to_torch(step.kind, channels_first(problem, step, weights))
            single = {name: values.astype(np.float32) for name, values in arrays.items()}
            half.framework.load(getattr(module, "module", module), single)
        if step.kind == "LSTM":  # Keras has one bias, where two would move twice as fast
            module.module.bias_hh_l0.requires_grad_(False)
    return nn.Sequential(OrderedDict((f"step_{r}", module) for r, module in enumerate(modules)))


def channels_first(problem, step, weights, back=False):
    """The rows of a layer behind a flattened image lie in another order in torch."""
    if problem.name != "cnn" or step.kind != "Linear":
        return weights
    order = np.arange(400).reshape(PLACES_BEHIND_CNN).transpose(2, 0, 1).ravel()
    kernel = weights["kernel"]
    return {**weights, "kernel": kernel[np.argsort(order)] if back else kernel[order]}
