"""Descents on surfaces that can be drawn, as data, with the float64 truth of each.

Learning rates are numbers that float32 has too, since Keras keeps them in it.

Source: Introduction to Deep Learning, Unit 1: zigzag and momentum on L = x² + 4y² (figure b),
momentum in a flat region and at a local optimum (figure a), Nesterov's look-ahead, learning rates
too small and too large, and rates for each parameter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.polynomial import Polynomial

from shared import comparison
from shared.reference.optimizers import STATE, descend

LETTERS = {"momentum": "β", "kappa": "κ", "phi": "φ"}


def set_to(learning_rate: float, options: Mapping[str, float]) -> str:
    """An optimizer's hyperparameters in the notes' letters.

    >>> set_to(7 / 32, {"momentum": 0.9})
    'α = 7/32, β = 0.9'
    """
    named = [f"{LETTERS[name]} = {value:g}" for name, value in options.items()]
    return ", ".join([f"α = {Fraction(learning_rate)}", *named])


@dataclass(frozen=True, eq=False)
class Surface:
    """A loss of one or two parameters, of tensors of either framework as of arrays."""

    name: str
    value: Callable  # W, of shape (parameters, …) -> L
    gradient: Callable  # (W, nudge) -> ∂L/∂W, derived by hand; each term of it goes through nudge
    optimum: tuple[float, ...]


def bowl(steepness: float) -> Surface:
    """L = x² + c y²."""
    return Surface(
        f"x² + {steepness:g}y²",
        # L = x² + c y²
        value=lambda W: W[0] ** 2 + steepness * W[1] ** 2,
        # g = (2x, 2cy)
        gradient=lambda W, nudge: np.array([2.0, 2 * steepness]) * W,
        optimum=(0.0, 0.0),
    )


# dL/dw = ((w − FLAT)² + 0.06)(w − LOCAL)(w − HILL)(w − GLOBAL), L = ∫ from GLOBAL to w
FLAT, LOCAL, HILL, GLOBAL = -1.4, 0.2, 0.95, 1.9
_SLOPE = Polynomial([FLAT**2 + 0.06, -2 * FLAT, 1]) * Polynomial.fromroots([LOCAL, HILL, GLOBAL])
_HEIGHT = _SLOPE.integ(lbnd=GLOBAL)


def _horner(W):
    L = 0.0
    for coefficient in _HEIGHT.coef[::-1]:
        L = L * W[0] + coefficient
    return L


BOWL = bowl(4.0)
NARROW = bowl(50.0)
VALLEYS = Surface(
    "L(w)",
    value=_horner,
    # g = Σ c wⁿ
    gradient=lambda W, nudge: sum(nudge(c * W**n) for n, c in enumerate(_SLOPE.coef)),
    optimum=(GLOBAL,),
)


@dataclass(frozen=True, eq=False)
class Descent:
    """So many steps of an optimizer down a surface. Options have the same names in both halves."""

    surface: Surface
    optimizer: str
    learning_rate: float
    steps: int
    start: tuple[float, ...]
    options: dict = field(default_factory=dict)

    def __str__(self):
        return set_to(self.learning_rate, self.options)

    def truth(self, nudge=lambda values: values) -> np.ndarray:
        """W before the first step and after each, by the reference; (steps + 1, parameters)."""
        update = {name.replace("_", ""): name for name in STATE}[self.optimizer.lower()]
        rates = [self.learning_rate] * self.steps

        def gradient(W, step):
            return self.surface.gradient(W, nudge)

        W = np.array(self.start)
        return np.vstack([W, descend(update, gradient, W, rates, nudge, **self.options)["W"]])

    @cached_property
    def bound(self) -> np.ndarray:
        """How far a half may be from the truth: 4 roundings of every read, and 4 ULP."""
        largest = np.maximum.accumulate(np.abs(self.truth()))
        return comparison.sensitivity_bound(
            comparison.movement(self.truth), largest, "float64", multiple=4, floor=4
        )


HEAVY, START = {"momentum": 0.875}, (-4.0, 1.0)
DESCENTS = {  # panel -> name of each path -> descent
    "zigzag": {"SGD": Descent(BOWL, "SGD", 7 / 32, 40, START)},
    "smoothed": {"Momentum": Descent(BOWL, "Momentum", 7 / 32, 40, START, {"momentum": 0.125})},
    "valleys": {
        "SGD": Descent(VALLEYS, "SGD", 1 / 128, 250, (-2.2,)),
        "Momentum": Descent(VALLEYS, "Momentum", 1 / 128, 250, (-2.2,), {"momentum": 0.9}),
    },
    "look_ahead": {
        "Momentum": Descent(BOWL, "Momentum", 1 / 16, 120, START, HEAVY),
        "Nesterov": Descent(BOWL, "Nesterov", 1 / 16, 120, START, HEAVY),
    },
    "rates": {
        "too small": Descent(BOWL, "SGD", 1 / 128, 40, START),
        "right": Descent(BOWL, "SGD", 3 / 16, 40, START),
        "too large": Descent(BOWL, "SGD", 17 / 64, 12, START),
    },
    "narrow": {
        name: Descent(NARROW, name, rate, 150, (-1.5, 1.0), options)
        for name, rate, options in (
            ("SGD", 1 / 64, {}),
            ("DeltaBarDelta", 1 / 64, {"kappa": 1 / 64, "phi": 0.5}),
            ("AdaGrad", 1 / 4, {}),
            ("RMSprop", 1 / 32, {}),
            ("Adam", 1 / 16, {}),
        )
    },
}
