"""Training runs of networks of any layers: as `training_cases`, of a list of steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from shared.batches import batches
from shared.reference import losses
from shared.reference.networks import Step, backward, forward
from shared.reference.training import descend, recorded
from shared.rounded_run import RoundedRun
from shared.weights import draw


def mean_loss(name):
    """(L, ∂L/∂output) of the loss of this name, for `NetworkCase.objective`."""

    def objective(y, h, weights):
        loss, gradient = getattr(losses, name), getattr(losses, f"{name}_gradient")
        return loss(y, h[-1]), {len(h) - 1: gradient(1.0, y, h[-1])}, {}

    return objective


class DrawnRun(RoundedRun):
    """A run of declared layers, `sizes` and a `seed`, on batches of the rows of `x`."""

    @cached_property
    def arrays(self):
        """Weights in Keras's names, of numbers that float32 has too."""
        return draw(self.layers, self.sizes, seed=self.seed)

    @cached_property
    def order(self):
        """The rows of each step of the run."""
        return [b for e in range(self.epochs) for b in batches(len(self.x), self.batch_size, e)]


@dataclass(frozen=True, eq=False)
class NetworkCase(DrawnRun):
    """A network, its data, and how it is trained.

    `objective(y, h, weights)` gives L, its gradients by place in h, which the steps have filled
    from x to the output, and what it adds to the gradients of weights by name.
    """

    layers: Mapping  # names to declared layers, as shared.weights takes them
    sizes: Mapping
    steps: tuple[Step, ...]
    x: np.ndarray
    y: np.ndarray
    objective: Callable
    optimizer: str = "sgd"  # the one update that all five parties have in the same form
    options: Mapping = field(default_factory=dict)
    rate: float = 0.125  # which float32 has exactly, as Keras keeps it
    batch_size: int = 8
    epochs: int = 1
    seed: int = 3

    @property
    def tensors(self):
        """What is recorded."""
        return recorded(self.arrays, self.optimizer)

    def reference(self, nudge):
        """name -> (steps, …) of each step."""

        def find(weights, rows):
            return self.loss_and_gradients(weights, nudge(self.x[rows]), nudge(self.y[rows]))

        rates = [self.rate] * len(self.order)
        return descend(self.arrays, find, self.order, rates, self.optimizer, nudge, **self.options)

    def loss_and_gradients(self, weights, x, y):
        """L of a batch, and ∂L/∂W by name."""
        h = forward(self.steps, weights, x)
        L, at, added = self.objective(y, h, weights)
        _, gradients = backward(self.steps, weights, h, at)
        return L, {n: gradients.get(n, 0.0) + added.get(n, 0.0) for n in weights}
