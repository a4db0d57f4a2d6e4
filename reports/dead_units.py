"""The same network trained in each half, and how many of its hidden units died.

A hidden unit is dead where Φ'(a) is 0 at its pre-activation a for every image the network is
trained on: no gradient reaches its weights. Some units are dead as the weights are drawn, so they
are counted before and after training. In float64, so that rounding cannot carry the two halves'
trainings apart.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from types import ModuleType

import keras
import numpy as np
import torch

import tf_impl.activations
import tf_impl.framework
import torch_impl.activations
import torch_impl.framework
from reports.threads import one_thread
from shared.catalogue import Concept
from shared.data import load_digits

NEGLIGIBLE = 1e-6  # a derivative below this in size counts as 0


@dataclass(frozen=True)
class Recipe:
    """A network of dense layers with an activation between them, and its training by plain SGD."""

    widths: tuple[int, ...] = (64, 32, 32, 10)
    seed: int = 1  # of the weights, Glorot-normal; biases start at 0
    images: int = 1408  # trained on, in the order of the data set; the rest are the test
    batch: int = 64
    epochs: int = 15
    # High enough for relu to lose units, and exact in float32, in which Keras holds it.
    learning_rate: float = 0.625

    def weights(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(W, b) of each layer, of shapes (inputs, outputs) and (outputs,)."""
        rng = np.random.default_rng(self.seed)
        return [
            (rng.normal(scale=np.sqrt(2 / (inputs + outputs)), size=(inputs, outputs)),
             np.zeros(outputs))
            for inputs, outputs in zip(self.widths, self.widths[1:], strict=False)
        ]  # fmt: skip

    def __str__(self) -> str:
        widths = "-".join(map(str, self.widths))
        return (
            f"digits {widths} in float64, Glorot-normal weights of seed {self.seed}, "
            f"{self.images:,} images, SGD at {self.learning_rate}, {self.epochs} epochs of batches "
            f"of {self.batch} in fixed order"
        )


@dataclass(frozen=True)
class Trained:
    """What became of one network. Where it diverged, what follows the training is NaN."""

    units: int  # hidden ones; the next three count among them
    dead_before: int  # training
    dead: float  # after training
    died: float  # dead after training, but not before
    accuracy: float  # on the test images, from 0 to 1


def _build_keras(layer, recipe):
    weights = recipe.weights()
    dense = [keras.layers.Dense(W.shape[1], dtype="float64") for W, _ in weights]
    steps = chain.from_iterable((d, layer(dtype="float64")) for d in dense)
    network = keras.Sequential([keras.Input(recipe.widths[:1], dtype="float64"), *steps])
    network.pop()  # the activation after the last layer, whose outputs are logits
    for d, pair in zip(dense, weights, strict=True):
        d.set_weights(pair)
    return network, network.layers


def _build_torch(layer, recipe):
    weights = recipe.weights()
    dense = [torch.nn.Linear(*W.shape) for W, _ in weights]
    steps = chain.from_iterable((d, layer()) for d in dense)
    network = torch.nn.Sequential(*steps).double()
    network.pop(-1)  # the activation after the last layer, whose outputs are logits
    with torch.no_grad():
        for d, (W, b) in zip(dense, weights, strict=True):
            d.weight.copy_(torch.tensor(W.T))
            d.bias.copy_(torch.tensor(b))
    return network, list(network)


def _fit_keras(network, recipe, images, labels):
    network.compile(
        keras.optimizers.SGD(recipe.learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64"),
        jit_compile=False,  # XLA takes longer to compile so small a network than to train it
        steps_per_execution=len(images) // recipe.batch,
    )
    network.fit(images, labels, recipe.batch, recipe.epochs, verbose=0, shuffle=False)


def _fit_torch(network, recipe, images, labels):
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(network.parameters(), recipe.learning_rate)
    batches = [torch.tensor(values).split(recipe.batch) for values in (images, labels)]
    with one_thread():
        for x, y in recipe.epochs * list(zip(*batches, strict=True)):
            optimizer.zero_grad()
            loss(network(x), y).backward()
            optimizer.step()


@dataclass(frozen=True)
class Half:
    """One framework, its activation layers, and how a network of them is built and trained."""

    framework: ModuleType
    layers: ModuleType
    build: Callable  # (activation's class, recipe) -> the network and the list of its layers
    fit: Callable


HALVES = {
    half.framework.NAME: half
    for half in (
        Half(tf_impl.framework, tf_impl.activations, _build_keras, _fit_keras),
        Half(torch_impl.framework, torch_impl.activations, _build_torch, _fit_torch),
    )
}


def train(half: Half, concept: Concept, recipe: Recipe = Recipe()) -> Trained:
    """Train the recipe's network with the concept's layer in one half, and look at its units."""
    images, labels = load_digits()
    learned, tested = slice(recipe.images), slice(recipe.images, None)
    network, steps = half.build(getattr(half.layers, concept.layer), recipe)
    before = dead_units(half.framework, steps, images[learned])
    half.fit(network, recipe, images[learned], labels[learned])
    after = dead_units(half.framework, steps, images[learned])
    logits = outputs(half.framework, steps, images[tested])
    counts = {"units": len(before), "dead_before": int(np.sum(before))}
    if not np.isfinite(logits).all():
        return Trained(**counts, dead=math.nan, died=math.nan, accuracy=math.nan)
    right = np.argmax(logits, axis=1) == labels[tested]
    return Trained(
        **counts,
        dead=int(np.sum(after)),
        died=int(np.sum(after & ~before)),
        accuracy=float(np.mean(right)),
    )


def dead_units(framework: ModuleType, steps: Sequence, images: np.ndarray) -> np.ndarray:
    """Which hidden units have Φ'(a) = 0 for every image: one boolean for each, layer by layer.

    `steps` are a network's layers: dense ones and element-wise activations by turns, a dense one
    last.
    """
    h, dead = images, []
    for dense, activation in zip(steps[:-1:2], steps[1::2], strict=True):
        a = outputs(framework, [dense], h)
        h, (slope,) = framework.value_and_gradients(activation, a)
        dead.append(np.all(np.abs(slope) < NEGLIGIBLE, axis=0))
    return np.concatenate(dead)


def outputs(framework: ModuleType, steps: Sequence, images: np.ndarray) -> np.ndarray:
    """What comes out of the last layer, as NumPy."""
    h = framework.tensor(images)
    for layer in steps:
        h = layer(h)
    return framework.array(h)
