"""Every schedule as both halves' own schedulers give it, with the rates that the notes print.

    t   epochs gone by, 0 at the first update      α₀  the first rate, 0.1

Source: Introduction to Deep Learning, Unit 1 (learning rate decay).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import keras
import numpy as np

import tf_impl.schedules
import torch_impl.schedules
from parity_tests import schedule_cases
from parity_tests.schedule_cases import INITIAL, Row
from shared import comparison
from shared.reference import schedules as reference

HALVES = "TensorFlow", "torch"
# for PlateauDecay: two plateaus, with an improvement between them
LOSSES = (1.0, 0.8, 0.68, 0.6, 0.62, 0.61, 0.6, 0.5, 0.46, 0.47, 0.46, 0.48, 0.45, 0.44, 0.44)


@dataclass(frozen=True, eq=False)
class Decay:
    """A schedule, for how many epochs it is looked at, and what the notes print of it."""

    formula: str
    row: Row
    epochs: int
    jumps: bool = False  # whether it stays for many epochs
    printed: dict[int, float] = field(default_factory=dict)  # t -> α in the notes

    @property
    def name(self):
        return self.row.layer

    def rates(self) -> tuple[np.ndarray, np.ndarray]:
        """The rates of the epochs 0, 1, … in both halves, from their schedules."""
        epochs = range(self.epochs + 1)
        schedule = self.row.keras()
        scheduler = self.row.torch(schedule_cases.optimizer(INITIAL))
        used = schedule_cases.run(scheduler, len(epochs))
        return np.array([float(schedule(t)) for t in epochs]), used[:, 0]

    def truth(self) -> np.ndarray:
        """The same by the float64 reference."""
        return self.row.reference(np.arange(self.epochs + 1))

    def bound(self) -> np.ndarray:
        """How far apart the halves may be."""
        return 2 * self.row.bound(np.arange(self.epochs + 1), "float64")


class Plateau(Decay):
    """PlateauDecay, which follows losses: the rate of epoch t is that after the losses before."""

    def rates(self):
        optimizer = keras.optimizers.SGD(INITIAL)
        callback = tf_impl.schedules.PlateauDecay(*self.row.arguments)
        callback.set_model(SimpleNamespace(optimizer=optimizer))
        groups = schedule_cases.optimizer(INITIAL)
        scheduler = torch_impl.schedules.PlateauDecay(groups, *self.row.arguments)
        used = []
        for loss in LOSSES[: self.epochs + 1]:
            used.append((float(optimizer.learning_rate), *schedule_cases.rates(groups)))
            callback.step(loss)
            scheduler.step(loss)
        return tuple(np.array(used).T)

    def truth(self):
        after = reference.plateau_decay(LOSSES[: self.epochs], INITIAL, *self.row.arguments)
        return np.array([INITIAL, *after])

    def bound(self):
        # Keras keeps a rate that changes in float32: one rounding, and one for each reduction
        reductions = np.cumsum(np.diff(self.truth(), prepend=INITIAL) < 0)
        return np.array([comparison.gamma(1 + n, "float32") for n in reductions]) * self.truth()


DECAYS = (
    Decay("α₀ exp(−kt), k = 0.01", Row("exponential_decay", "ExponentialDecay", (0.01,)), 100,
          printed={10: 0.09}),
    Decay("α₀/(1 + kt), k = 0.01", Row("inverse_decay", "InverseDecay", (0.01,)), 100,
          printed={10: 0.091}),
    Decay("α₀ · 0.5^⌊t/5⌋", Row("step_decay", "StepDecay", (0.5, 5)), 19, jumps=True,
          printed={0: 0.1, 5: 0.05, 10: 0.025}),
    Plateau("× 0.1 after 3 epochs without gain", Row("plateau_decay", "PlateauDecay", (0.1, 3)),
            len(LOSSES) - 1, jumps=True),
    Decay("a table {t: α}",
          Row("manual", "ManualSchedule", ({0: 0.1, 6: 0.05, 12: 0.07, 16: 0.01},)), 20,
          jumps=True),
    Decay("α₀ (1 − t/20)²", Row("polynomial_decay", "PolynomialDecay", (20, 2.0)), 20),
    Decay("α₀ (1 + cos(πt/20))/2", Row("cosine_decay", "CosineDecay", (20,)), 20),
    Decay("α₀ (1/3 + 2/3 · t/10), then α₀", Row("linear_warmup", "LinearWarmup", (10,)), 20),
)  # fmt: skip


@dataclass(frozen=True)
class Curve:
    """A schedule's rates in both halves."""

    decay: Decay
    rates: tuple[np.ndarray, np.ndarray]

    @property
    def difference(self) -> comparison.Difference:
        """The place where the halves' distance is the largest share of what rounding allows."""
        return comparison.compare(*self.rates, self.decay.bound(), "float64")

    @property
    def apart(self) -> float:
        """The largest difference between the halves, relative to the rate."""
        one, other = self.rates
        return float(np.max(np.abs(one - other) / np.maximum(other, np.finfo(float).tiny)))


def measure(decays: Sequence[Decay] = DECAYS) -> list[Curve]:
    """Every schedule, by both halves."""
    return [Curve(decay, decay.rates()) for decay in decays]
