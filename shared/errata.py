"""Numbers that the course notes print, beside what their own formulas give.

Each is worked out by functions it is handed, so that the reference and both halves can be asked
alike. Where the notes are right the two agree; where not, `why` says what happened.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shared.data import load_home_prices, load_insurance


@dataclass(frozen=True)
class Printed:
    """One worked number: `value(sigmoid, softplus)` is the true one."""

    what: str
    printed: float
    value: Callable
    why: str = ""

    @property
    def misprint(self) -> bool:
        return bool(self.why)


def first_house(sigmoid, softplus):
    """y − ŷ of the first home price, with w₁ = w₂ = 1 and b = 1."""
    x, y = load_home_prices()
    return y[0] - (np.sum(x[0]) + 1)


def log_loss(scale):
    """Mean log loss over the insurance table: w₁ = w₂ = 1, b = 0, ages divided by `scale`."""

    def value(sigmoid, softplus):
        x, y = load_insurance(("age", "affordability"))
        z = x @ np.array([1 / scale, 1.0])
        return np.mean(softplus(z) - y * z)

    return value


NUMBERS = (
    Printed("σ(200)", 1.0, lambda sigmoid, _: sigmoid(np.array(200.0))),
    Printed("σ(−200)", 0.0, lambda sigmoid, _: sigmoid(np.array(-200.0))),
    Printed(
        "σ(23), first insurance row", 0.99, lambda sigmoid, _: sigmoid(np.array(23.0)),
        "rounded down: the true value is 1 − 1.0e−10",
    ),
    Printed(
        "(0 − σ(23))²", 0.9801, lambda sigmoid, _: (0 - sigmoid(np.array(23.0))) ** 2,
        "squares the rounded 0.99: the true value is 1 − 2.1e−10",
    ),
    Printed(
        "error y − ŷ, first house", 1133, first_house,
        "70 − 1203: the sign is lost",
    ),
    Printed("squared error, first house", 1283689, lambda *f: first_house(*f) ** 2),
    Printed(
        "log loss after the first epoch", 4.31, log_loss(scale=1),
        "follows from no reading: raw ages give 17.69, ages / 100 give 0.7318",
    ),
)  # fmt: skip
