"""Training runs of feedforward networks with batch normalisation and dropout, in training mode.

    x (n, D + U₁ + U₂ + …)  features, and behind them the masks of the hidden layers, 1 for kept

The running statistics of batch normalisation are recorded beside the weights. No gradient moves
them: each batch does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from shared.network_cases import NetworkCase
from shared.reference.layers import running_statistics
from shared.reference.networks import Step, backward, forward
from shared.reference.training import descend, recorded
from shared.weights.layouts import layout

STATISTICS = ("moving_mean", "moving_variance")
EPSILON = 1e-3


@dataclass(frozen=True, eq=False)
class FeedForwardCase(NetworkCase):
    """A network whose rows of x carry their masks along.

    `momentum` weighs the old statistic, and the variance kept is biased.
    """

    momentum: float = 0.9

    @property
    def units(self):
        """The widths of all linear layers."""
        return tuple(sizes["units"] for sizes in self.sizes.values() if "units" in sizes)

    @property
    def features(self):
        return self.sizes["linear_1"]["inputs"]

    @cached_property
    def statistics(self):
        """The running statistics that a run starts from, by name."""
        return {n: values for n, values in self.arrays.items() if n.endswith(STATISTICS)}

    @cached_property
    def trained(self):
        """The weights that gradients move, by name."""
        return {n: values for n, values in self.arrays.items() if n not in self.statistics}

    @property
    def tensors(self):
        return (*recorded(self.trained, self.optimizer), *self.statistics)

    def reference(self, nudge):
        """name -> (steps, …) of each step, statistics as they are after it."""
        statistics, kept = self.statistics, []

        def find(weights, rows):
            nonlocal statistics
            h, others = self.passed(weights, nudge(self.x[rows]))
            L, at, _ = self.objective(nudge(self.y[rows]), h, weights)
            _, gradients = backward(self.steps, weights, h, at, others)
            statistics = self.moved({n: nudge(values) for n, values in statistics.items()}, h)
            kept.append(statistics)
            return L, gradients

        rates = [self.rate] * len(self.order)
        run = descend(self.trained, find, self.order, rates, self.optimizer, nudge, **self.options)
        return run | {name: np.stack([after[name] for after in kept]) for name in self.statistics}

    def passed(self, weights, x):
        """[features, h₁, …] of a batch, and what its steps read besides."""
        hidden = self.units[:-1]
        masks = np.split(x[:, self.features :] != 0, np.cumsum(hidden)[:-1], axis=1)
        others = {f"keep_{r}": mask for r, mask in enumerate(masks, 1)}
        others |= {f"zeros_{r}": np.zeros(U) for r, U in enumerate(hidden, 1)}
        return forward(self.steps, weights, x[:, : self.features], others), others

    def moved(self, statistics: Mapping, h):
        """The running statistics behind a batch."""
        found = {}
        for step, before in zip(self.steps, h, strict=False):
            if step.function == "batch_norm":
                own = step.own(statistics)
                after = running_statistics(before, *own.values(), 1 - self.momentum, unbiased=False)
                found |= dict(zip(own, after, strict=True))
        return found


def network(features, units, activation="relu", rate=0.5, batch_norm=True):
    """What a case says of a network: its layers, sizes and steps.

    >>> layers, sizes, steps = network(4, (3, 2))
    >>> [step.function for step in steps]
    ['linear', 'batch_norm', 'relu', 'dropout', 'linear']
    """
    layers, sizes, steps = {}, {}, []
    for r, (D, U) in enumerate(pairwise((features, *units)), 1):
        hidden = r < len(units)
        normalized = batch_norm and hidden
        sizes[f"linear_{r}"] = {"inputs": D, "units": U}
        layers[f"linear_{r}"] = layout("Linear", ("bias",) if normalized else ())
        steps.append(Step("linear", f"linear_{r}", others=(f"zeros_{r}",) if normalized else ()))
        if normalized:
            sizes[f"batch_norm_{r}"] = {"features": U}
            layers[f"batch_norm_{r}"] = "BatchNorm"
            steps.append(Step("batch_norm", f"batch_norm_{r}", {"epsilon": EPSILON}))
        if hidden:
            steps.append(Step(activation))
            steps.append(Step("dropout", options={"rate": rate}, others=(f"keep_{r}",)))
    return layers, sizes, tuple(steps)
