"""Recurrent networks of the halves on any case, by `fit` and by windows."""

import numpy as np
import pytest

from parity_tests.sequence_run import SequenceRun
from parity_tests.training_run import module, weights

FUNCTIONS = ("simple_rnn", "lstm", "gru")
every_function = pytest.mark.parametrize("function", FUNCTIONS)


class Run(SequenceRun):
    """A recurrent network on any case."""

    def __init__(self, case):
        self.case, self.options = case, {}
        self.tensors = case.tensors

    def made(self, half, dtype="float64"):
        """The half's own network and its optimizer."""
        trainer = next(t for t in self.trainers if t.half is half and not t.label)
        model = self.model_of(trainer, dtype)
        return trainer, model, self._optimizer(trainer, model)


def by_windows(half, case, dtype):
    """Every window's loss and gradients, and the weights after it: name -> (windows, …)."""
    run, rows = Run(case), []
    trainer, model, optimizer = run.made(half, dtype)

    def on_window(L, gradients):
        found = run.by_weight(half, weights(half, model))
        of_loss = run.by_weight(half, gradients)
        rows.append({"loss": L, **found, **{f"g_{n}": g for n, g in of_loss.items()}})
        rows[-1] = {name: np.array(values) for name, values in rows[-1].items()}

    x, y = (half.framework.tensor(values.astype(dtype)) for values in (case.x, case.y))
    module(half, "models.rnn").fit_windows(
        model, x, y, loss=run.loss_of(trainer, model), optimizer=optimizer, length=case.length,
        on_window=on_window,
    )  # fmt: skip
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def network(half, name, *arguments, **options):
    return getattr(module(half, "models.rnn"), name)(*arguments, **options)


def quickest(half):
    """A mode for many steps: torch would have to unroll the loop over time to capture it."""
    return "graph" if half.in_keras else "eager"
