"""Training runs as plain data: a network, its data, how it is trained, and its float64 run."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from shared.batches import batches, steps_per_epoch
from shared.reference import losses
from shared.reference import training as reference
from shared.rounded_run import RoundedRun
from shared.weights import draw


@dataclass(frozen=True, eq=False)
class Case(RoundedRun):
    """A run of a network: widths of its layers, data, and how it is trained."""

    units: tuple[int, ...]
    x: np.ndarray
    y: np.ndarray
    loss: str
    activation: str = "tanh"
    optimizer: str = "sgd"  # among shared.reference.optimizers; its class is the half's
    options: dict = field(default_factory=dict)
    rate: float = 0.5  # which float32 has exactly, as Keras keeps it
    epochs: int = 3
    batch_size: int = 5
    held_out: int = 0  # how many of the last rows are for validation
    schedule: object = None  # (t, rate) -> the rate of epoch t

    @property
    def layers(self):
        return {f"linear_{r}": "Linear" for r in range(1, len(self.units) + 1)}

    @cached_property
    def arrays(self):
        """Weights in Keras's names, of numbers that float32 has too."""
        widths = (self.x.shape[1], *self.units)
        sizes = {
            name: {"inputs": D, "units": U}
            for name, D, U in zip(self.layers, widths, self.units, strict=False)
        }
        return draw(self.layers, sizes, seed=3)

    @property
    def split(self):
        """((x, y) to train on, (x, y) to validate by or None)."""
        end = len(self.x) - self.held_out
        held_out = (self.x[end:], self.y[end:]) if self.held_out else None
        return (self.x[:end], self.y[:end]), held_out

    @cached_property
    def order(self):
        """The rows of each step of the whole run."""
        rows = len(self.split[0][0])
        return [b for e in range(self.epochs) for b in batches(rows, self.batch_size, e)]

    @property
    def steps(self):
        return steps_per_epoch(len(self.split[0][0]), self.batch_size)

    @cached_property
    def rates(self):
        epochs = np.arange(self.epochs * self.steps) // self.steps
        found = self.schedule(epochs, self.rate) if self.schedule else self.rate
        return np.broadcast_to(found, epochs.shape)

    def reference(self, nudge):
        """name -> (steps, …) of each step, and "epoch_loss", "val_loss" of each epoch."""
        values = list(self.arrays.values())
        weights = list(zip(values[::2], values[1::2], strict=True))
        (x, y), held_out = self.split
        run = reference.train(
            weights, x, y, activation=self.each, loss=self.loss, batches=self.order,
            rates=self.rates, optimizer=self.optimizer, nudge=nudge, **self.options,
        )  # fmt: skip
        sizes = np.reshape([len(rows) for rows in self.order], (self.epochs, -1))
        weighed = sizes * run["loss"].reshape(self.epochs, -1)
        run["epoch_loss"] = weighed.sum(1) / sizes.sum(1)
        if held_out:
            run["val_loss"] = np.array([
                getattr(losses, self.loss)(held_out[1], self.predict(run, e, nudge(held_out[0])))
                for e in range(self.epochs)
            ])  # fmt: skip
        return run

    @property
    def each(self):
        """An activation for each layer: the last one has none."""
        return [self.activation] * (len(self.units) - 1) + ["identity"]

    def predict(self, run, epoch, x):
        """o of the weights after an epoch of a run."""
        at = (epoch + 1) * self.steps - 1
        weights = [(run[f"W{r}"][at], run[f"b{r}"][at]) for r in range(1, len(self.units) + 1)]
        return reference.predict(weights, x, self.each)
