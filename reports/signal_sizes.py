"""How large activations and gradients are in each layer of deep networks, before any training.

A signal that every layer makes larger or smaller by some factor grows or shrinks exponentially with
depth: it explodes or vanishes. Which it does depends on the activation and on how the weights were
drawn. Real digits go through fully connected networks of each half's own initializers and
activations, in float64, as the least gradients here are below the least float32 number.
"""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

import tf_impl.activations
import tf_impl.framework
import tf_impl.initializers
import torch_impl.activations
import torch_impl.framework
import torch_impl.initializers
from reports.threads import one_thread
from shared.data import load_digits

IMAGES = 64  # the first of the digits
WIDTH = 64  # of an image and of every hidden layer
CLASSES = 10
DEPTHS = (2, 5, 10, 25, 50)  # hidden layers; the logits come after them
DEEPEST = max(DEPTHS)
ACTIVATIONS = ("sigmoid", "tanh", "relu")
NETWORK = (
    f"{IMAGES} digits, {WIDTH} units a layer, no biases, weights as drawn; L is the cross-entropy "
    "of one image; float64."
)
NAMES = ["activation", "initializer"]
SIZES = ["activation_size", "gradient_size"]


class Half(NamedTuple):
    """One framework, and how its initializer makes a matrix of shape (inputs, outputs)."""

    framework: ModuleType
    activations: ModuleType
    initializers: ModuleType
    fill: Callable


def _fill_keras(initializer, shape):
    return initializer(shape, "float64")


def _fill_torch(initializer, shape):
    return initializer(torch.empty(shape[::-1], dtype=torch.float64)).T


HALVES = {
    half.framework.NAME: half
    for half in (
        Half(tf_impl.framework, tf_impl.activations, tf_impl.initializers, _fill_keras),
        Half(torch_impl.framework, torch_impl.activations, torch_impl.initializers, _fill_torch),
    )
}


class Draw(NamedTuple):
    """How all weights of a network are drawn, and how its curve looks."""

    initializer: str
    options: tuple
    colour: str  # of Okabe and Ito, told apart with any colour vision
    marker: str


DRAWS = {
    "normal, σ = 0.05": Draw("RandomNormal", (0.0, 0.05), "#0072b2", "o"),
    "normal, σ = 0.25": Draw("RandomNormal", (0.0, 0.25), "#d55e00", "s"),
    "glorot_uniform": Draw("GlorotUniform", (), "#009e73", "^"),
    "he_normal": Draw("HeNormal", (), "#e69f00", "D"),
    "orthogonal": Draw("Orthogonal", (), "#a0528a", "v"),
}


@cache
def weights(half: str, draw: str) -> tuple:
    """The weights of the deepest network's hidden layers, then those of its logits."""
    made, how = HALVES[half], DRAWS[draw]
    initializer = getattr(made.initializers, how.initializer)
    shapes = [(WIDTH, WIDTH)] * DEEPEST + [(WIDTH, CLASSES)]
    return tuple(
        made.fill(initializer(*how.options, seed=layer), shape)
        for layer, shape in enumerate(shapes)
    )


def sizes(half: str, activation: str, draw: str, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """mean |h| and mean |∂L/∂h| of each hidden layer h, both of shape (depth,).

    The mean is over units and images; L is the cross-entropy of one image. A shallower network has
    the first weights of the deepest, and its weights of the logits.
    """
    framework, activations, *_ = HALVES[half]
    images, labels = (values[:IMAGES] for values in load_digits())
    *hidden, last = weights(half, draw)
    found = []

    def log_probabilities(*probes):
        h = framework.tensor(images)
        for W, probe in zip(hidden, probes, strict=False):
            h = getattr(activations, activation)(h @ W) + probe
            found.append(np.mean(np.abs(framework.array(h))))
        return activations.log_softmax(h @ last)

    probes = [np.zeros((IMAGES, WIDTH))] * depth  # what is added to h has the gradient of h
    _, gradients = framework.value_and_gradients(
        log_probabilities, *probes, upstream=-np.eye(CLASSES)[labels]
    )
    return np.array(found), np.array([np.mean(np.abs(g)) for g in gradients])


def measure(activations: Iterable[str] = ACTIVATIONS) -> pd.DataFrame:
    """A line for each layer, counted from 1, of each network in each half, with both its sizes."""
    with one_thread():
        lines = [
            (*network, layer, *pair)
            for network in product(HALVES, activations, DRAWS, DEPTHS)
            for layer, pair in enumerate(zip(*sizes(*network), strict=True), start=1)
        ]
    return pd.DataFrame(lines, columns=["half", *NAMES, "depth", "layer", *SIZES])


def distance(frame: pd.DataFrame) -> float:
    """The largest relative difference between the sizes that the two halves measured."""
    one, other = (only(frame, half=half)[SIZES].to_numpy() for half in HALVES)
    return float(np.max(np.abs(one / other - 1)))


def only(frame: pd.DataFrame, **where) -> pd.DataFrame:
    """The lines in which columns have these values."""
    return frame[np.logical_and.reduce([frame[name] == value for name, value in where.items()])]
