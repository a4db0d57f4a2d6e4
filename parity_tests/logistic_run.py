"""Logistic regression on the insurance table, trained by both halves and what they ship."""

from functools import cached_property

import numpy as np

import tf_impl.builtins
import tf_impl.framework
import tf_impl.models.logistic_regression
import torch_impl.builtins
import torch_impl.framework
import torch_impl.models.logistic_regression
from shared import comparison
from shared.catalogue import Trajectory
from shared.data import load_insurance
from shared.reference import logistic_regression as reference

LABELS = ("", " by hand", " built-in")
LEARNING_RATE = 0.5  # exact in every precision, so that no party trains at another rate
HALVES = (
    (tf_impl.framework, tf_impl.models.logistic_regression, tf_impl.builtins),
    (torch_impl.framework, torch_impl.models.logistic_regression, torch_impl.builtins),
)


class InsuranceRun:
    """Logistic regression on the insurance table: data, initial weights, truth and bounds."""

    sample = "insurance"
    names = tuple(f"{f.NAME}{label}" for f, *_ in HALVES for label in LABELS)

    def __init__(self, row: Trajectory, options=None):
        self.row, self.options, self.tensors = row, options or {}, row.tensors
        people, self.y = load_insurance(("age", "affordability"))
        scaled = people / np.array([100.0, 1.0])  # ages in centuries, so that one rate suits both
        self.x = scaled.astype(np.float32).astype(np.float64)
        self.W, self.b = np.ones(2), np.zeros(())  # the notes' w₁ = w₂ = 1, bias = 0

    def reference(self, nudge=lambda values: values):
        return reference.train(self.x, self.y, self.W, self.b, LEARNING_RATE, self.row.steps, nudge)

    @cached_property
    def truth(self):
        return self.reference()

    @cached_property
    def movement(self):
        """How far the float64 run moves, per unit roundoff, when each step's reads are rounded."""
        sizes = [values[0].size for values in self.truth.values()]

        def run(nudge):
            recorded = self.reference(nudge).values()
            return np.concatenate([values.reshape(len(values), -1) for values in recorded], axis=1)

        moved = np.split(comparison.movement(run), np.cumsum(sizes)[:-1], axis=1)
        shaped = zip(self.truth.items(), moved, strict=True)
        return {name: part.reshape(values.shape) for (name, values), part in shaped}

    @cached_property
    def _terms(self):
        return reference.magnitudes(self.x, self.y, self.truth)

    def bound(self, tensor, dtype):
        """The catalogue's way with compositions: 4 roundings of every read, 4 ULP of the terms."""
        movement, terms = self.movement[tensor], self._terms[tensor]
        return comparison.sensitivity_bound(movement, terms, dtype, multiple=4, floor=4)

    def histories(self, dtype, mode):
        """Name -> history: each half's by its framework's gradient and by hand, and built-ins'."""
        data = [values.astype(dtype) for values in (self.x, self.y, self.W, self.b)]
        how = LEARNING_RATE, self.row.steps, mode
        found = {}
        for framework, module, builtins in HALVES:
            x, y = (framework.tensor(values) for values in data[:2])
            for label, by_hand in zip(LABELS, (False, True), strict=False):
                model = _initial(framework, module, *data[2:])
                run = module.gradient_descent(model, x, y, *how, by_hand)
                found[framework.NAME + label] = run
            found[framework.NAME + LABELS[-1]] = builtins.logistic_regression(*data, *how)
        return found


def _initial(framework, module, W, b):
    model = module.LogisticRegression(len(W), dtype=framework.tensor(W).dtype)
    framework.load(model, {"W": W, "b": b})
    return model
