"""Numbers and derivatives that the course notes print, beside what their own formulas give.

Each is worked out by functions it is handed, so that the reference and both halves can be asked
alike. Where the notes are right the two agree; where not, `why` says what happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Worked:
    """One worked derivative: an expression, the graph it is drawn as, and what the notes print.

    `steps` make the node "o" from the sources (see the halves' graph.build). `value(m, *sources)`
    is the whole expression in the functions of a module m such as NumPy; so are the derivatives ∂o
    by a node's name, `true` ones and `printed` ones.
    """

    what: str
    sources: tuple[str, ...]
    steps: tuple[tuple, ...]
    value: Callable
    true: dict[str, Callable]
    printed: dict[str, Callable] = field(default_factory=dict)
    why: str = ""

    @property
    def misprint(self) -> bool:
        return bool(self.why)


def sigmoid_slope(m, x):
    """σ'(x) = e^−x / (1 + e^−x)²."""
    return m.exp(-x) / (1 + m.exp(-x)) ** 2


def house_error(w1, w2, b):
    """y − ŷ of the first home price: 1200 in area, 2 bedrooms, sold at 70."""
    return 70 - (w1 * 1200 + w2 * 2 + b)


_EXAMPLES = (
    Worked(
        "1/(1 + exp(−1/(1 + exp(−w))))", ("w",),
        (("g", "sigmoid", "w"), ("o", "sigmoid", "g")),
        lambda m, w: 1 / (1 + m.exp(-1 / (1 + m.exp(-w)))),
        {"w": lambda m, w: sigmoid_slope(m, 1 / (1 + m.exp(-w))) * sigmoid_slope(m, w)},
    ),
    Worked(
        "cos(w²)", ("w",),
        (("g", "square", "w"), ("o", "cos", "g")),
        lambda m, w: m.cos(w**2),
        {"w": lambda m, w: -2 * w * m.sin(w**2), "g": lambda m, w: -m.sin(w**2)},
        {"g": lambda m, w: -2 * w * m.sin(w**2)},
        "printed as ∂f(g(w))/∂g, which is −sin(w²): it is the derivative with respect to w",
    ),
    Worked(
        "cos(w²) + sin(w²), Figure 3.3", ("w",),
        (("y", "square", "w"), ("z", "square", "w"), ("p", "cos", "y"), ("q", "sin", "z"),
         ("o", "add", "p", "q")),
        lambda m, w: m.cos(w**2) + m.sin(w**2),
        {"w": lambda m, w: 2 * w * (m.cos(w**2) - m.sin(w**2))},
        {"w": lambda m, w: -2 * w * m.sin(w**2) + 2 * w * m.cos(w**2)},
    ),
    Worked(
        "squared error of the first house", ("w1", "w2", "b"),
        (("area", 1200), ("bedrooms", 2), ("price", 70),
         ("by area", "multiply", "w1", "area"), ("by bedrooms", "multiply", "w2", "bedrooms"),
         ("sum", "add", "by area", "by bedrooms"), ("ŷ", "add", "sum", "b"),
         ("e", "subtract", "price", "ŷ"), ("o", "square", "e")),
        lambda m, *weights: house_error(*weights) ** 2,
        {"w1": lambda m, *weights: -2 * house_error(*weights) * 1200,
         "w2": lambda m, *weights: -2 * house_error(*weights) * 2,
         "b": lambda m, *weights: -2 * house_error(*weights)},
        {"w1": lambda m, *weights: -2 * house_error(*weights) * 1200},
    ),
    Worked(
        "2x⁴ − 7y²⁰ + z + 5", ("x", "y", "z"),
        (("x2", "multiply", "x", "x"), ("x4", "multiply", "x2", "x2"),
         ("y2", "multiply", "y", "y"), ("y4", "multiply", "y2", "y2"),
         ("y5", "multiply", "y4", "y"), ("y10", "multiply", "y5", "y5"),
         ("y20", "multiply", "y10", "y10"),
         ("two", 2), ("2x4", "multiply", "two", "x4"),
         ("seven", 7), ("7y20", "multiply", "seven", "y20"),
         ("five", 5), ("z+5", "add", "z", "five"),
         ("2x4-7y20", "subtract", "2x4", "7y20"), ("o", "add", "2x4-7y20", "z+5")),
        lambda m, x, y, z: 2 * x**4 - 7 * y**20 + z + 5,
        {"x": lambda m, x, y, z: 8 * x**3, "y": lambda m, x, y, z: -140 * y**19,
         "z": lambda m, x, y, z: 1},
        {"y": lambda m, x, y, z: 0},
        "the answer prints y⁰, whose derivative is 0, where y²⁰ was asked",
    ),
    Worked(
        "x − 3 + 2y", ("x", "y"),
        (("three", 3), ("x-3", "subtract", "x", "three"), ("two", 2),
         ("2y", "multiply", "two", "y"), ("o", "add", "x-3", "2y")),
        lambda m, x, y: x - 3 + 2 * y,
        {"x": lambda m, x, y: 1, "y": lambda m, x, y: 2},
    ),
    Worked(
        "cos(x) sin(x)", ("x",),
        (("cos", "cos", "x"), ("sin", "sin", "x"), ("o", "multiply", "cos", "sin")),
        lambda m, x: m.cos(x) * m.sin(x),
        {"x": lambda m, x: m.cos(2 * x)},
        {"x": lambda m, x: -m.sin(x) ** 2 + m.cos(x) ** 2},
    ),
    Worked(
        "(x + 5)(x − 2)", ("x",),
        (("five", 5), ("x+5", "add", "x", "five"), ("two", 2), ("x-2", "subtract", "x", "two"),
         ("o", "multiply", "x+5", "x-2")),
        lambda m, x: (x + 5) * (x - 2),
        {"x": lambda m, x: (x - 2) + (x + 5)},
        {"x": lambda m, x: 2 * x + 3},
    ),
    Worked(
        "7", ("x",), (("o", 7),),
        lambda m, x: 7 + 0 * x,
        {"x": lambda m, x: 0},
        {"x": lambda m, x: 0},
    ),
    Worked(
        "9x", ("x",), (("nine", 9), ("o", "multiply", "nine", "x")),
        lambda m, x: 9 * x,
        {"x": lambda m, x: 9},
        {"x": lambda m, x: 9},
    ),
)  # fmt: skip
DERIVATIVES = {worked.what: worked for worked in _EXAMPLES}
