"""Optimizers as each party has them: which form, on which variables, with which kernels."""

from dataclasses import dataclass

import numpy as np

from parity_tests.halves import in_words_of
from shared.catalogue.training import RATES

LARGE = 100_000  # elements of one tensor, from which on it is better left where it is
CLASSES = {"sgd": "SGD", "adagrad": "AdaGrad", "rmsprop": "RMSprop", "adamw": "AdamW",
           "delta_bar_delta": "DeltaBarDelta"}  # fmt: skip


@dataclass(frozen=True)
class Party:
    """One side's optimizer in one mode."""

    half: object
    mode: str

    def form(self, problem):
        """The options of the first form that the half's framework ships, None if there is none."""
        shipped = (o for o in problem.forms if self._shipped(problem.name, o) is not None)
        return next(shipped, None)

    def _shipped(self, name, options, tensors=None):
        """The framework's own optimizer, or None; of a parameter made for it unless given."""
        make = self.half.module("builtins.optimizers").FUNCTIONS.get(name)
        if make is None:
            return None
        words = in_words_of(self.half, name, options)
        if self.half.in_keras:
            return make(RATES[name], **words)
        return make(tensors or [self._parameter(np.zeros(1, np.float32))], RATES[name], **words)

    def _parameter(self, values, device="cpu"):
        return self.half.framework.tensor(values, device).requires_grad_()

    def step(self, problem, options, device):
        """(a step, a function that gives all parameters side by side, a note)."""
        if self.half.in_keras:
            return self._keras_step(problem, options, device)
        W, g = problem.arrays
        parameters = [self._parameter(values, device) for values in W]
        for p, gradient in zip(parameters, g, strict=True):
            p.grad = self.half.framework.tensor(gradient, device)
        optimizer, note = self.torch(problem.name, options, parameters)

        def step():
            optimizer.step()
            return parameters[0]

        array = self.half.framework.array
        return step, lambda: np.concatenate([array(p) for p in parameters]), note

    def _keras_step(self, problem, options, device):
        variables, gradients, note = self.variables(*problem.arrays, device)
        optimizer = self.keras(problem.name, options)
        optimizer.build(variables)
        array = self.half.framework.array

        def apply():
            optimizer.apply(gradients, variables)
            return optimizer.iterations + 0

        step = self.half.framework.compiled(apply, self.mode)
        return step, lambda: np.concatenate([np.array(array(v)) for v in variables]), note


class Ours(Party):
    """The half's own optimizer, on one flat vector wherever that is how it is fastest."""

    @property
    def name(self):
        return self.half.name

    def form(self, problem):
        return super().form(problem) or problem.forms[0]

    def keras(self, name, options):
        kind = getattr(self.half.module("optimizers"), CLASSES.get(name, name.capitalize()))
        return kind(RATES[name], **options)

    def variables(self, W, g, device):
        variables, gradients, _ = _variables(self.half, W, g, device)
        if W.shape[1] >= LARGE:  # copied more than is saved
            return variables, gradients, ""
        flat = self.half.module("optimizers.flat").FlatParameters(variables)
        return [flat.vector], [self.half.framework.tensor(g.ravel(), device)], "on one flat vector"

    def torch(self, name, options, parameters):
        kind = getattr(self.half.module("optimizers"), CLASSES.get(name, name.capitalize()))
        words, flat = in_words_of(self.half, name, options), self.mode == "compiled"
        return kind(parameters, RATES[name], **words, flat=flat), "on one flat vector" * flat


class BuiltIn(Party):
    """What the framework ships, in eager mode as it comes, otherwise as fast as it has it."""

    @property
    def name(self):
        return f"{self.half.name} built-in"

    def keras(self, name, options):
        return self._shipped(name, options)

    def variables(self, W, g, device):
        return _variables(self.half, W, g, device)

    def torch(self, name, options, parameters):
        optimizer = self._shipped(name, options, parameters)
        if self.mode == "eager":
            return optimizer, ""
        (group,) = optimizer.param_groups
        kernels = "fused" if "fused" in group else "foreach"
        group[kernels] = True
        return optimizer, f"{kernels} kernels"


def _variables(half, W, g, device):
    import keras

    tensors = [half.framework.tensor(gradient, device) for gradient in g]
    return [keras.Variable(values) for values in W], tensors, ""
