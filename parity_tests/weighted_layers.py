"""The frameworks' own layers that have weights, in pairs that compute one formula."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from keras import layers as kl
from torch import nn

from parity_tests import running_error
from parity_tests.running_error import EPSILON, Rounded
from shared.weights import Layer, layout
from shared.weights.sizes import size_names
from shared.weights.tensors import SummedBias

LENGTH = 4  # of every axis that can be as long: no shape then betrays that two were swapped
KERNEL = 3  # height and width
SIZES = {"height": KERNEL, "width": KERNEL}  # those that differ from LENGTH


@dataclass(frozen=True)
class Pair:
    """One layer in both frameworks; its formula, with what rounding may do to it."""

    name: str
    formula: Callable[[dict, np.ndarray], Rounded]
    keras: Callable[..., kl.Layer]
    torch: Callable[..., nn.Module]
    shape: tuple[int, ...] = (6, LENGTH)  # of the input, channels last
    without: tuple[str, ...] = ()

    def __str__(self):
        return f"{self.name} without {' and '.join(self.without)}" if self.without else self.name

    @property
    def layout(self) -> Layer:
        return layout(self.name, self.without)

    @property
    def sizes(self) -> dict[str, int]:
        names = [n for shape in self.layout.shapes("keras").values() for n in size_names(shape)]
        return {name: SIZES.get(name, LENGTH) for name in names}

    def input(self) -> np.ndarray:
        rng = np.random.default_rng(11)
        if self.name == "Embedding":
            return rng.integers(LENGTH, size=self.shape)
        return rng.normal(size=self.shape)

    def keras_layer(self, dtype="float64", weights=None):
        """A Keras layer, its weights set by name."""
        layer = self.keras(dtype=dtype)
        layer.build(self.shape)
        for variable in layer.weights if weights is not None else ():
            variable.assign(weights[variable.name])
        return layer

    def torch_layer(self, dtype="float64", state=None):
        """A torch module in evaluation, its state loaded."""
        module = self.torch(dtype=getattr(torch, dtype)).eval()
        if state is not None:
            module.load_state_dict({n: torch.tensor(values) for n, values in state.items()})
        return module

    def run_keras(self, layer) -> np.ndarray:
        return np.asarray(layer(self.input()))

    def run_torch(self, module) -> np.ndarray:
        x = torch.tensor(self.input())
        images = x.ndim == 4  # whose channels come second in torch
        with torch.no_grad():
            h = module(x.movedim(-1, 1) if images else x)
        h = h[0] if isinstance(h, tuple) else h  # all states of a recurrent layer, then the last
        return (h.movedim(1, -1) if images else h).numpy()


def keras_weights(layer) -> dict[str, np.ndarray]:
    return {variable.name: variable.numpy() for variable in layer.weights}


def torch_state(module) -> dict[str, np.ndarray]:
    return {name: values.numpy() for name, values in module.state_dict().items()}


def _bare(pair: Pair, *without: str, keras: dict, torch: dict) -> Pair:
    """The same pair, with the options that leave these weights out."""
    less = {"keras": partial(pair.keras, **keras), "torch": partial(pair.torch, **torch)}
    return replace(pair, **less, without=without)


def _recurrent(name: str, formula: Callable, of_keras: Callable, of_torch: Callable) -> Pair:
    theirs = partial(of_torch, LENGTH, LENGTH, batch_first=True)
    ours = partial(of_keras, LENGTH, return_sequences=True)
    return Pair(name, formula, ours, theirs, (3, 5, LENGTH))


_IMAGES = (2, 6, 5, LENGTH)
_LINEAR = partial(kl.Dense, LENGTH), partial(nn.Linear, LENGTH, LENGTH)
_CONV = partial(kl.Conv2D, LENGTH, KERNEL), partial(nn.Conv2d, LENGTH, LENGTH, KERNEL)
_TABLE = partial(kl.Embedding, LENGTH, LENGTH), partial(nn.Embedding, LENGTH, LENGTH)
_BATCH = partial(kl.BatchNormalization, epsilon=EPSILON), partial(nn.BatchNorm2d, LENGTH, EPSILON)
_NORM = partial(kl.LayerNormalization, epsilon=EPSILON), partial(nn.LayerNorm, LENGTH, EPSILON)

_BIASED = (
    Pair("Linear", running_error.linear, *_LINEAR),
    Pair("Conv2D", running_error.conv2d, *_CONV, _IMAGES),
    _recurrent("SimpleRNN", running_error.simple_rnn, kl.SimpleRNN, nn.RNN),
    _recurrent("LSTM", running_error.lstm, kl.LSTM, nn.LSTM),
    _recurrent("GRU", running_error.gru, kl.GRU, nn.GRU),
)
_BATCH_NORM = Pair("BatchNorm", running_error.batch_norm, *_BATCH, _IMAGES)
_LAYER_NORM = Pair("LayerNorm", running_error.layer_norm, *_NORM)
_PLAIN = {"center": False, "scale": False}
PAIRS = (
    *_BIASED,
    *(_bare(p, "bias", keras={"use_bias": False}, torch={"bias": False}) for p in _BIASED),
    _BATCH_NORM,
    _bare(_BATCH_NORM, "gamma", "beta", keras=_PLAIN, torch={"affine": False}),
    _LAYER_NORM,
    _bare(_LAYER_NORM, "gamma", "beta", keras=_PLAIN, torch={"elementwise_affine": False}),
    _bare(_LAYER_NORM, "beta", keras={"center": False}, torch={"bias": False}),
    Pair("Embedding", running_error.embedding, *_TABLE),
    Pair("PReLU", running_error.prelu, kl.PReLU, partial(nn.PReLU, LENGTH)),
)
PLAIN = {pair.name: pair for pair in PAIRS if not pair.without}
SUMMING = [n for n in PLAIN if any(isinstance(w, SummedBias) for w in layout(n).weights)]
