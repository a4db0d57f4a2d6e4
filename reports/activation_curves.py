"""Each activation followed along a line by a half's own function: value, derivative and kinks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from shared import samples
from shared.catalogue import ACTIVATIONS, Concept
from shared.parity import Party

ELEMENTWISE = tuple(concept for concept in ACTIVATIONS if concept.sample is samples.line)
SHOWN = np.arange(-400, 401) / 100  # [−4, 4], with −1, 0 and 1 among it exactly
BESIDE = 1e-9  # how far either side of a point its kink is looked for
JUMP = 1e-6  # of the derivative there; a smooth one moves less than a hundredth of this


@dataclass(frozen=True)
class Line:
    """The rows x · direction + base on which a function is followed, and how it is called there.

    Of what a row gives, the first element counts.
    """

    direction: tuple[float, ...] = (1.0,)
    base: tuple[float, ...] = (0.0,)
    options: Mapping[str, float] = field(default_factory=dict)
    parameters: tuple[float, ...] = ()  # learned ones, each of one element
    said: str = ""  # the same, for a reader


LINES = {
    "leaky_relu": Line(options={"negative_slope": 0.01}, said="a = 0.01"),
    "prelu": Line(parameters=(0.25,), said="a = 0.25"),  # what the layer starts from
    "elu": Line(options={"alpha": 1.0}, said="α = 1"),
    "softmax": Line((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), said="of (x, 0, 1)"),
    "log_softmax": Line((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), said="of (x, 0, 1)"),
    "maxout": Line((1.0, -0.5), (0.0, 0.0), {"pieces": 2}, said="of (x, −x/2)"),
}


def line(concept: Concept) -> Line:
    """Where the concept is followed: the numbers themselves unless `LINES` says otherwise."""
    return LINES.get(concept.name, Line())


@dataclass(frozen=True)
class Kink:
    """A jump of the derivative: its limits on both sides, and what it is at the point itself."""

    x: float
    before: float
    at: float
    after: float


@dataclass(frozen=True)
class Curve:
    """Φ and Φ' of one party at the points x, all of shape (points,)."""

    x: np.ndarray
    value: np.ndarray
    derivative: np.ndarray
    kinks: tuple[Kink, ...]


def follow(party: Party, concept: Concept, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Φ and dΦ/dx, each of shape (points,), by the party's own function and gradient in float64."""
    along = line(concept)
    direction = np.array(along.direction)
    function = party.find(concept, along.options)
    value, (gradient, *_) = party.adapter.value_and_gradients(
        lambda *inputs: function(*inputs)[:, 0],
        np.multiply.outer(x, direction) + along.base,
        *(np.array([parameter]) for parameter in along.parameters),
    )
    return value, gradient @ direction  # the chain rule along the line


def curve(party: Party, concept: Concept, x: np.ndarray = SHOWN) -> Curve:
    """The concept along x; kinks are found where they fall on a point of x."""
    values, slopes = follow(party, concept, np.concatenate([x - BESIDE, x, x + BESIDE]))
    _, value, _ = np.split(values, 3)
    before, at, after = np.split(slopes, 3)
    kinks = tuple(
        Kink(*map(float, (x[i], before[i], at[i], after[i])))
        for i in np.flatnonzero(np.abs(after - before) > JUMP)
    )
    return Curve(x, value, at, kinks)


def distance(one: Curve, other: Curve) -> float:
    """The largest difference between two curves over the same points, derivative included."""
    pairs = ((one.value, other.value), (one.derivative, other.derivative))
    return float(max(np.max(np.abs(a - b)) for a, b in pairs))
