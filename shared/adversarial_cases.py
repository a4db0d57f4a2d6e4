"""Training runs of two adversaries: as `network_cases`, of two lists of steps updated in turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from shared.adversarial import PLAYERS, labels
from shared.histories import record
from shared.network_cases import DrawnRun
from shared.reference import optimizers
from shared.reference.losses import (
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_gradient,
)
from shared.reference.networks import Step, backward, forward


@dataclass(frozen=True, eq=False)
class AdversarialCase(DrawnRun):
    """A discriminator D and a generator G, their data, and how they are trained.

    Weights are named "generator/linear_1/kernel", and so are the layers of the steps.
    """

    layers: Mapping  # player -> names to declared layers, as shared.weights takes them
    sizes: Mapping
    discriminator: tuple[Step, ...]
    generator: tuple[Step, ...]
    x: np.ndarray
    noise: Callable  # noise(step, phase, rows), as shared.noise.latent
    optimizer: str = "sgd"
    options: Mapping = field(default_factory=dict)
    rate: float = 0.5  # which float32 has exactly, as Keras keeps it
    batch_size: int = 8
    epochs: int = 1
    seed: int = 3

    @property
    def tensors(self):
        """What is recorded: both losses before each update, gradients, and the weights after it."""
        losses = (f"{player}_loss" for player in PLAYERS)
        return *losses, *(f"g_{name}" for name in self.arrays), *self.arrays

    def reference(self, nudge):
        """name -> (steps, …) of each step; both updates of a step read what they read rounded."""
        D, G = (_Player(self, player, nudge) for player in PLAYERS)
        steps = iter(enumerate(self.order))

        def step():
            k, rows = next(steps)
            noise = [nudge(self.noise(k, phase, len(rows))) for phase in (0, 1)]
            found = self.judge(D.read(), G.read(), nudge(self.x[rows]), noise[0])
            found_then = self.forge(D.update(found, k).read(), G.read(), noise[1])
            G.update(found_then, k)
            gradients = {**found[1], **found_then[1]}
            weights = {**D.weights, **G.weights}
            of_all = [values[name] for values in (gradients, weights) for name in self.arrays]
            return found[0], found_then[0], *of_all

        return record(step, len(self.order), names=self.tensors)

    def judge(self, of_D, of_G, x, n):
        """L_D and ∂L_D/∂W of D, whose examples are x and then G(n)."""
        both = np.concatenate([x, forward(self.generator, of_G, n)[-1]])
        h = forward(self.discriminator, of_D, both)
        L, g = _loss(labels(len(x)), h[-1])
        return L, backward(self.discriminator, of_D, h, {len(h) - 1: g})[1]

    def forge(self, of_D, of_G, n):
        """L_G and ∂L_G/∂W of G, through D."""
        made = forward(self.generator, of_G, n)
        h = forward(self.discriminator, of_D, made[-1])
        L, g = _loss(np.ones((len(n), 1)), h[-1])
        # ∂L_G/∂G(n) is what D hands back to its input
        g_x, _ = backward(self.discriminator, of_D, h, {len(h) - 1: g})
        return L, backward(self.generator, of_G, made, {len(made) - 1: g_x})[1]


class _Player:
    """One network's weights and what its optimizer keeps."""

    def __init__(self, case, player, nudge):
        self.case, self.nudge = case, nudge
        self.update_of = getattr(optimizers, case.optimizer)
        self.weights = {n: W for n, W in case.arrays.items() if n.startswith(f"{player}/")}
        starts = optimizers.STATE[case.optimizer].values()
        self.states = {n: [np.full(W.shape, s) for s in starts] for n, W in self.weights.items()}

    def read(self):
        return {name: self.nudge(W) for name, W in self.weights.items()}

    def update(self, found, k):
        """The player, its weights updated by the gradients found."""
        rate, case = self.nudge(self.case.rate), self.case
        counted = (k + 1,) if case.optimizer in optimizers.COUNTING else ()
        for name, W in self.read().items():
            g, state = self.nudge(found[1][name]), map(self.nudge, self.states[name])
            self.weights[name], *self.states[name] = self.update_of(
                W, g, *state, *counted, learning_rate=rate, **case.options
            )
        return self


def _loss(y, logits):
    g = binary_cross_entropy_with_logits_gradient(1.0, y, logits)
    return binary_cross_entropy_with_logits(y, logits), g
