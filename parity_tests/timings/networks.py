"""Networks as data, and what training makes of them in float64.

A network is a list of layers: a name that both halves share, the sizes of its weights, and its
options. All parties start from the same weights and take the same steps.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shared import comparison
from shared.reference import activations, layers, losses, optimizers
from shared.weights import draw

RATE, MOMENTUM = 2.0**-6, 0.875
STEPS = 2  # that are judged


@dataclass(frozen=True)
class Step:
    """One layer of a network."""

    kind: str
    sizes: tuple[tuple[str, int], ...] = ()  # of its weights, as shared.weights names them

    def __getitem__(self, name):
        return dict(self.sizes)[name]


def _linear(inputs, units):
    return Step("Linear", (("inputs", inputs), ("units", units)))


def _conv2d(channels, filters):
    size = ("height", 3), ("width", 3), ("channels", channels), ("filters", filters)
    return Step("Conv2D", size)


RELU, POOL, FLATTEN = Step("ReLU"), Step("MaxPool2D"), Step("Flatten")
NETWORKS = {
    "mlp": (_linear(64, 256), RELU, _linear(256, 256), RELU, _linear(256, 10)),
    "cnn": (_conv2d(1, 8), RELU, POOL, _conv2d(8, 16), RELU, POOL, FLATTEN, _linear(400, 10)),
    "lstm": (Step("LSTM", (("inputs", 28), ("units", 64))), _linear(64, 10)),
}
INPUTS = {"mlp": (64,), "cnn": (28, 28, 1), "lstm": (28, 28)}
BATCHES = {
    "mlp": {"tiny": 32, "medium": 256, "large": 2048},
    "cnn": {"tiny": 8, "medium": 32, "large": 128},
    "lstm": {"tiny": 8, "medium": 32, "large": 128},
}


@dataclass(frozen=True)
class Problem:
    """A network, its weights, one batch, and what training on it does to them."""

    name: str
    size: str

    @property
    def steps(self):
        return NETWORKS[self.name]

    @cached_property
    def batch(self):
        """(x, y): normal numbers of float32, and class ids."""
        rng = np.random.default_rng(41)
        rows = BATCHES[self.name][self.size]
        x = rng.normal(size=(rows, *INPUTS[self.name])).astype(np.float32)
        return x.astype(np.float64), rng.integers(0, 10, rows)

    @cached_property
    def weights(self):
        """For each layer its weights, by name, in Keras's layout."""
        return [
            draw(step.kind, dict(step.sizes), seed=place) if step.sizes else {}
            for place, step in enumerate(self.steps)
        ]

    @cached_property
    def truth(self):
        """(loss and weights after each step, how far rounding may move them), side by side."""
        values, moved = self._train(), comparison.movement(self._train)
        bounds = {
            dtype: comparison.sensitivity_bound(
                self._largest(moved), self._largest(np.abs(values)), dtype, multiple=4, floor=4
            )
            for dtype in ("float32", "float64")
        }
        return values, bounds

    def _largest(self, values):
        """Of each tensor the element that is largest, in every place: (steps, elements)."""
        sizes = [1, *(w.size for of_layer in self.weights for w in of_layer.values())]
        parts = np.split(values, np.cumsum(sizes)[:-1], axis=1)
        tops = [np.broadcast_to(p.max(axis=1, keepdims=True), p.shape) for p in parts]
        return np.concatenate(tops, axis=1)

    def _train(self, nudge=lambda values: values):
        """Loss and all weights after each step, (steps, 1 + elements)."""
        x, y = self.batch
        weights = [list(of_layer.values()) for of_layer in self.weights]
        velocities = [[np.zeros_like(w) for w in of_layer] for of_layer in weights]
        rows = []
        for _ in range(STEPS):
            read = [[nudge(w) for w in of_layer] for of_layer in weights]
            L, gradients = loss_and_gradients(self.steps, read, nudge(x), y)
            for place, of_layer in enumerate(gradients):
                for i, g in enumerate(of_layer):
                    weights[place][i], velocities[place][i] = optimizers.momentum(
                        read[place][i], nudge(g), nudge(velocities[place][i]), RATE, MOMENTUM
                    )
            flat = [w.ravel() for of_layer in weights for w in of_layer]
            rows.append(np.concatenate([np.reshape(L, 1), *flat]))
        return np.stack(rows)


def loss_and_gradients(steps, weights, x, y):
    """L of a batch and the gradients of each layer's weights, in float64."""
    inputs = [x]
    for step, own in zip(steps, weights, strict=True):
        inputs.append(FORWARD[step.kind](inputs[-1], *own))
    L = losses.softmax_cross_entropy(y, inputs[-1])
    g, found = losses.softmax_cross_entropy_gradient(1.0, y, inputs[-1]), []
    for step, own, h in zip(steps[::-1], weights[::-1], inputs[-2::-1], strict=True):
        g, *of_weights = BACKWARD[step.kind](g, h, *own)
        found.append(of_weights)
    return L, found[::-1]


def _last(x, *weights):
    U = weights[1].shape[0]
    zeros = np.zeros((len(x), U))
    return layers.lstm(x, *weights, zeros, zeros)[:, -1, :U]


def _last_gradient(g, x, *weights):
    U = weights[1].shape[0]
    zeros, arriving = np.zeros((len(x), U)), np.zeros((*x.shape[:2], 2 * U))
    arriving[:, -1, :U] = g
    return layers.lstm_gradient(arriving, x, *weights, zeros, zeros)[:4]


VALID, BY_TWO = {"strides": 1, "padding": "valid"}, {"pool_size": 2, "strides": 2}
FORWARD = {
    "Linear": layers.linear,
    "ReLU": activations.relu,
    "Flatten": layers.flatten,
    "Conv2D": lambda x, *w: layers.conv2d(x, *w, **VALID),
    "MaxPool2D": lambda x: layers.max_pool2d(x, **BY_TWO),
    "LSTM": _last,
}
BACKWARD = {
    "Linear": layers.linear_gradient,
    "ReLU": lambda g, x: (activations.relu_gradient(g, x),),
    "Flatten": lambda g, x: (layers.flatten_gradient(g, x),),
    "Conv2D": lambda g, x, *w: layers.conv2d_gradient(g, x, *w, **VALID),
    "MaxPool2D": lambda g, x: (layers.max_pool2d_gradient(g, x, **BY_TWO),),
    "LSTM": _last_gradient,
}
