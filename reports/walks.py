"""Descents taken by both halves, step by step, and how far apart their paths are.

Each half differentiates the surface by itself and takes the steps with its own optimizer, in
float64.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
import torch

import tf_impl.framework
import tf_impl.optimizers
import torch_impl.framework
import torch_impl.optimizers
from reports.descents import DESCENTS, Descent
from shared import comparison

NEAR = 0.01  # of the distance at the start: closer than that, the optimum is reached


class _Keras:
    """A parameter and its Keras optimizer."""

    def __init__(self, descent):
        self.W = keras.Variable(descent.start, dtype="float64")
        kind = getattr(tf_impl.optimizers, descent.optimizer)
        self.optimizer = kind(descent.learning_rate, **descent.options)
        self.optimizer.build([self.W])

    def step(self, g):
        self.optimizer.apply([tf.constant(g)], [self.W])

    def parameter(self):
        return self.W.numpy()

    def velocity(self):
        (V,) = [v for v in self.optimizer.variables if v.path.endswith("velocity")]
        return V.numpy()


class _Torch:
    """A parameter and its torch optimizer."""

    def __init__(self, descent):
        self.W = torch.nn.Parameter(torch.tensor(descent.start, dtype=torch.float64))
        kind = getattr(torch_impl.optimizers, descent.optimizer)
        self.optimizer = kind([self.W], descent.learning_rate, **descent.options)

    def step(self, g):
        self.W.grad = torch.tensor(g)
        self.optimizer.step()

    def parameter(self):
        return self.W.detach().numpy().copy()

    def velocity(self):
        return self.optimizer.state[self.W]["velocity"].numpy()


class Half(NamedTuple):
    """One framework, and how a parameter steps there."""

    framework: ModuleType
    walker: Callable


HALVES = {
    half.framework.NAME: half
    for half in (Half(tf_impl.framework, _Keras), Half(torch_impl.framework, _Torch))
}


def walk(half: Half, descent: Descent) -> np.ndarray:
    """W before the first step and after each, as the half takes them; (steps + 1, parameters)."""
    walker = half.walker(descent)
    points = [walker.parameter()]
    for _ in range(descent.steps):
        value, at = descent.surface.value, walker.parameter()
        _, (g,) = half.framework.value_and_gradients(value, at)
        walker.step(g)
        points.append(_stands(walker, descent))
    return np.array(points)


def _stands(walker, descent):
    if descent.optimizer != "Nesterov":
        return walker.parameter()
    # what it holds is x = W + βV
    return walker.parameter() - descent.options["momentum"] * walker.velocity()


def reached(descent: Descent, points: np.ndarray) -> int | None:
    """The step from which on W stays near the optimum; None if it does not within the run.

    >>> from reports.descents import BOWL
    >>> descent = Descent(BOWL, "SGD", 0.5, steps=3, start=(-1.0, 0.0))
    >>> reached(descent, np.array([[-1.0, 0.0], [0.0, 0.0], [-0.5, 0.0], [0.0, 0.0]]))
    3
    """
    far = np.linalg.norm(points - descent.surface.optimum, axis=1)
    (away,) = np.nonzero(~(far <= NEAR * far[0]))
    return int(away[-1]) + 1 if away[-1] < descent.steps else None


@dataclass(frozen=True)
class Walk:
    """A descent and the path of each half down it, (steps + 1, parameters)."""

    panel: str
    name: str
    descent: Descent
    paths: tuple[np.ndarray, ...]

    @property
    def apart(self) -> float:
        """The largest distance between the halves along an axis, at any step."""
        return float(np.max(np.abs(np.subtract(*self.paths))))

    @property
    def used(self) -> float:
        """The largest share of both halves' bound that a distance takes; at most 1."""
        return comparison.compare(*self.paths, 2 * self.descent.bound, "float64").used


def measure(descents: Mapping[str, Mapping[str, Descent]] = DESCENTS) -> list[Walk]:
    """Every descent, by both halves."""
    return [
        Walk(panel, name, descent, tuple(walk(half, descent) for half in HALVES.values()))
        for panel, by_name in descents.items()
        for name, descent in by_name.items()
    ]
