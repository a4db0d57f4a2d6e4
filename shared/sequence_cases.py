"""Training runs of recurrent networks: as `network_cases`, of sequences, masked ones among them.

A loop over time reads its weights and states anew at every step, so that rounding enters there too:
`nudge` goes into the recurrent function, which applies it to all that a step of time reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from shared.network_cases import NetworkCase
from shared.reference import losses
from shared.reference.networks import STATES, Step, backward, forward
from shared.reference.training import descend

LAYERS = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}


@dataclass(frozen=True, eq=False)
class SequenceCase(NetworkCase):
    """A recurrent network on numbers (n, T, D), or on ids (n, T), read one-hot and masked by 0."""

    @property
    def function(self):
        """The name of its recurrent function."""
        return self.steps[0].function

    @property
    def masked(self):
        """Whether it reads ids, 0 being padding."""
        return "mask" in self.steps[0].others

    @property
    def every_step(self):
        """Whether it has an output at every step."""
        return all(step.function != "last" for step in self.steps)

    def reference(self, nudge):
        """name -> (steps, …) of each step."""

        def find(weights, rows):
            return self.loss_and_gradients(weights, nudge(self.x[rows]), nudge(self.y[rows]), nudge)

        return self.descended(find, self.order, nudge)

    def descended(self, find, order, nudge):
        """What `find(weights, rows)` leads to in so many steps: name -> (steps, …)."""
        rates = [self.rate] * len(order)
        return descend(self.arrays, find, order, rates, self.optimizer, nudge, **self.options)

    def loss_and_gradients(self, weights, x, y, nudge=lambda values: values):
        """L of a batch, and ∂L/∂W by name."""
        return self.found(weights, x, y, {}, nudge)[:2]

    def found(self, weights, x, y, others: Mapping, nudge):
        """(L, ∂L/∂W by name, states of the recurrent function after every step)."""
        recurrent, *rest = self.steps
        steps = [replace(recurrent, options={"nudge": nudge}), *rest]
        if self.masked:
            others = {**others, "mask": x != 0}
            x = np.asarray(x[..., None] == np.arange(self.sizes[recurrent.layer]["inputs"]), float)
        h = forward(steps, weights, x, others)
        L, at, added = self.objective(y, h, weights)
        _, gradients = backward(steps, weights, h, at, others)
        return L, {n: gradients[n] + added.get(n, 0.0) for n in weights}, h[1]


@dataclass(frozen=True, eq=False)
class WindowCase(SequenceCase):
    """A pass over long sequences by windows: truncated backpropagation through time.

    One update for each window; the states go on from one to the next, their gradients do not.
    """

    length: int = field(kw_only=True)

    @cached_property
    def order(self):
        """The steps of time that each window reads."""
        steps = np.arange(self.x.shape[1])
        return np.split(steps, range(self.length, len(steps), self.length))

    def reference(self, nudge):
        """name -> (windows, …) of each window."""
        state = {}

        def find(weights, now):
            x, y = nudge(self.x[:, now]), nudge(self.y[:, now])
            L, gradients, states = self.found(weights, x, y, state, nudge)
            after = np.split(states[:, -1], STATES[self.function], axis=-1)
            state[f"{self.steps[0].layer}/states"] = after
            return L, gradients

        return self.descended(find, self.order, nudge)


def network(function, features, units, outputs, every_step=False, masked=False):
    """What a case says of a network: its layers, sizes and steps.

    >>> layers, sizes, steps = network("lstm", 1, 4, 1)
    >>> [step.function for step in steps]
    ['lstm', 'outputs', 'last', 'linear']
    """
    layers = {"recurrent_1": LAYERS[function], "linear_1": "Linear"}
    sizes = {
        "recurrent_1": {"inputs": features, "units": units},
        "linear_1": {"inputs": units, "units": outputs},
    }
    steps = [Step(function, "recurrent_1", others=("mask",) if masked else ())]
    steps += [Step("outputs")] if STATES[function] > 1 else []
    steps += [] if every_step else [Step("last")]
    return layers, sizes, (*steps, Step("linear", "linear_1"))


def masked_mean_loss(y, h, weights):
    """Softmax cross-entropy as `NetworkCase.objective`: the mean over labels other than 0."""
    share = (y != 0) / np.sum(y != 0)
    each = losses.softmax_cross_entropy(y, h[-1], "none")
    gradient = losses.softmax_cross_entropy_gradient(share, y, h[-1], "none")
    return np.sum(share * each), {len(h) - 1: gradient}, {}
