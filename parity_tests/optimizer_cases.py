"""Optimizers laid over each other: every form of every class, its runs, their truth and bounds."""

from dataclasses import dataclass, field
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf
import torch

import tf_impl.optimizers
import torch_impl.optimizers
from parity_tests.halves import in_words_of
from parity_tests.parties import HALVES
from shared import comparison
from shared.histories import record
from shared.reference import optimizers as reference
from tf_impl.framework import compiled

SPREAD = np.array([1.0, 4.0, 0.25, 9.0, 0.0625, 2.0])  # curvature of an ill-conditioned bowl
CENTRE = np.array([3.0, -2.0, 5.0, 1.5, -4.0, 2.5])
START = np.array([1.0, -1.0, 0.5, 2.0, -3.0, 4.0])
# as of mini-batches; exact in float32, so that no party descends another bowl
NOISE = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32).astype(np.float64)


def gradient(W, k):
    """That of Σ c(W − w)²/2 with noise, at step k, in the precision of W."""
    spread, centre, noise = (values.astype(W.dtype) for values in (SPREAD, CENTRE, NOISE))
    return spread * (W - centre) + noise[k % len(noise)]


def rates(steps):
    """A learning rate that changes midway; exact in float32, where Keras keeps it."""
    return [2.0**-6 if k < steps // 2 else 2.0**-8 for k in range(steps)]


@dataclass(frozen=True, eq=False)
class Case:
    """A class and the options that choose one of its forms, in Keras's words."""

    optimizer: str
    options: dict = field(default_factory=dict)

    def __str__(self):
        return " ".join([self.optimizer, *(str(value) for value in self.options.values())])

    @property
    def update(self):
        """The reference's update, by name."""
        return {"DeltaBarDelta": "delta_bar_delta"}.get(self.optimizer, self.optimizer.lower())

    @property
    def torch_options(self):
        return in_words_of(HALVES[1], self.update, self.options)

    def truth(self, steps, nudge=lambda values: values):
        """Every step of the reference: what the parameters hold, and each state."""
        options = dict(self.options)
        update = self.update
        look_ahead = update == "nesterov" and options.pop("velocity_form") == "look_ahead"
        if update == "nesterov" and not look_ahead:
            update, options = "nesterov_reformulated", dict(self.options)
        history = reference.descend(update, gradient, START, rates(steps), nudge, **options)
        if look_ahead:
            W, V = history["W"], history["velocity"]
            history["W"] = reference.look_ahead(W, V, options["momentum"])
        return history


@dataclass(frozen=True)
class Run:
    """A case, a number of steps, and how far rounding may move it."""

    case: Case
    steps: int

    @cached_property
    def truth(self):
        return self.case.truth(self.steps)

    @cached_property
    def movement(self):
        """How far the reference moves, per unit roundoff, when all that each step reads does."""

        def run(nudge):
            return np.stack(list(self.case.truth(self.steps, nudge).values()))

        return dict(zip(self.truth, comparison.movement(run), strict=True))

    def bound(self, name, dtype):
        """4 roundings of every read, and 4 ULP of the largest that the element has been."""
        largest = np.maximum.accumulate(np.abs(self.truth[name]))
        return (
            comparison.sensitivity_bound(self.movement[name], largest, dtype, multiple=4, floor=4)
            + np.finfo(dtype).tiny
        )


# with the rates above 1 − αλ is exact, which torch rounds once for all steps: a bias, not noise
DECAY = 0.25
ADAM = {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3}
CASES = [
    Case("SGD"),
    *(Case("Momentum", {"momentum": 0.8, "velocity_form": f}) for f in ("scaled", "unscaled")),
    *(
        Case("Nesterov", {"momentum": 0.8, "velocity_form": form})
        for form in ("look_ahead", "scaled", "unscaled")
    ),
    Case("DeltaBarDelta", {"kappa": 0.001, "phi": 0.2, "theta": 0.6}),
    *(
        Case("AdaGrad", {"initial_accumulator_value": 0.125, "epsilon": 1e-3, "epsilon_form": form})
        for form in ("inside", "outside")
    ),
    *(
        Case("RMSprop", {"rho": 0.8, "momentum": momentum, "epsilon": 1e-3, "centered": centered,
                         "epsilon_form": form, "velocity_form": velocity_form})
        for momentum, velocity_form in ((0.0, "scaled"), (0.7, "scaled"), (0.7, "unscaled"))
        for centered in (False, True)
        for form in ("inside", "outside")
    ),
    *(Case("Adam", {**ADAM, "epsilon_form": form}) for form in ("inside", "outside", "hat")),
    *(
        Case("AdamW", {"weight_decay": DECAY, **ADAM, "epsilon_form": form})
        for form in ("inside", "outside", "hat")
    ),
    Case("Adadelta", {"rho": 0.75, "epsilon": 2.0**-10}),
]  # fmt: skip


def keras_history(make, steps, dtype="float64", mode="graph"):
    """Every step of the Keras optimizer that `make(rate)` gives: "W", and state by name."""
    W = keras.Variable(START, dtype=dtype, name="W")
    optimizer = make(rates(steps)[0])
    optimizer.build([W])
    state = {v.name.removeprefix("W_"): v for v in optimizer.variables[2:]}
    apply = compiled(lambda g: optimizer.apply([g], [W]), mode)
    remaining = enumerate(rates(steps))

    def step():
        k, rate = next(remaining)
        optimizer.learning_rate = rate
        apply(tf.constant(gradient(W.numpy(), k)))
        return W, *state.values()

    return record(step, steps, np.asarray, ("W", *state))


def torch_history(make, steps, dtype="float64"):
    """Every step of the torch optimizer that `make([W], rate)` gives: "W", and state by name."""
    W = torch.nn.Parameter(torch.tensor(START, dtype=getattr(torch, dtype)))
    optimizer = make([W], rates(steps)[0])
    names, remaining = [], enumerate(rates(steps))

    def step():
        k, rate = next(remaining)
        optimizer.param_groups[0]["lr"] = rate
        W.grad = torch.tensor(gradient(W.detach().numpy(), k))
        optimizer.step()
        names[:] = [name for name in optimizer.state[W] if name != "step"]
        return W.detach(), *(optimizer.state[W][name] for name in names)

    rows = [[values.numpy().copy() for values in step()] for _ in range(steps)]
    return dict(zip(("W", *names), map(np.stack, zip(*rows, strict=True)), strict=True))


def ours(half, case, steps, dtype="float64", mode="eager"):
    """Every step of a half's own optimizer. torch's "compiled" is its flat form."""
    if half.framework.NAME == "TensorFlow":
        kind = getattr(tf_impl.optimizers, case.optimizer)
        return keras_history(lambda rate: kind(rate, **case.options), steps, dtype, mode)
    kind, more = getattr(torch_impl.optimizers, case.optimizer), case.torch_options
    more["flat"] = mode == "compiled"
    return torch_history(lambda parameters, rate: kind(parameters, rate, **more), steps, dtype)
