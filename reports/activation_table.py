"""The notes' comparison of activations, filled from measurements of both halves.

Each fact is measured on a half's own function and gradient in float64, along dense samples of x
that reach far out on both sides; none is written down here.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from reports.activation_curves import follow, line
from reports.dead_units import Trained
from shared.catalogue import Concept
from shared.parity import Party

REACHES = (1e1, 1e2, 1e4, 1e6)  # the extremes of f are taken within each |x|
FAR = 10.0  # where saturation is looked at
SATURATED = 1e-3  # a derivative below this in size, there
ATTAINED, APPROACHED, UNBOUNDED = "attained", "approached", "unbounded"


@dataclass(frozen=True)
class Facts:
    """What was measured of one activation in one half; its function is called f."""

    activation: str
    half: str
    formula: str
    lowest: float  # f within the farthest reach
    lowest_is: str  # attained, approached or unbounded
    highest: float
    highest_is: str
    mean: float  # of f over standard normal x
    oddness: float  # largest |f(x) + f(−x)| within |x| ≤ 10; 0 for an odd function
    slope_left: float  # f' at −10
    slope_right: float  # f' at 10
    steepest: float  # largest |f'|
    units: int  # hidden ones of a network with this activation; the next three count among them
    dead_before: int  # training
    dead: float  # after training; NaN where it diverged
    died: float  # dead after training, but not before
    accuracy: float  # of the trained network on images it was not trained on

    @property
    def interval(self) -> str:
        """The range: a bound is closed where attained, open where only approached."""
        left = {ATTAINED: "[", APPROACHED: "(", UNBOUNDED: "(−∞"}[self.lowest_is]
        right = {ATTAINED: "]", APPROACHED: ")", UNBOUNDED: "∞)"}[self.highest_is]
        low = "" if self.lowest_is == UNBOUNDED else number(self.lowest)
        high = "" if self.highest_is == UNBOUNDED else number(self.highest)
        return f"{left}{low}, {high}{right}"

    @property
    def saturates(self) -> str:
        """The sides on which f' at |x| = 10 is negligible."""
        sides = {"left": self.slope_left, "right": self.slope_right}
        found = [side for side, slope in sides.items() if abs(slope) < SATURATED]
        return " and ".join(found) or "no"

    @property
    def dead_share(self) -> str:
        """The share of dead units, or that the training diverged."""
        if math.isnan(self.dead):
            return "diverged"
        return f"{100 * self.dead / self.units:.3g}% ({self.dead:.0f} of {self.units})"


def measure(party: Party, concept: Concept, trained: Trained) -> Facts:
    """The facts of an element-wise concept, as this party computes it.

    `trained` is what became of the party's network with this activation.
    """
    x = sample()
    value, slope = follow(party, concept, x)
    within = [value[np.abs(x) <= reach] for reach in REACHES]
    highest, lowest = [v.max() for v in within], [v.min() for v in within]
    near = within[0]  # x is symmetric, so reversed it is −x
    return Facts(
        activation=concept.name,
        half=party.name,
        formula=_formula(concept),
        lowest=float(lowest[-1]),
        lowest_is=edge(np.negative(lowest)),
        highest=float(highest[-1]),
        highest_is=edge(highest),
        mean=_mean(follow(party, concept, normal())[0]),
        oddness=float(np.max(np.abs(near + near[::-1]))),
        slope_left=float(slope[x == -FAR].item()),
        slope_right=float(slope[x == FAR].item()),
        steepest=float(np.max(np.abs(slope))),
        **asdict(trained),
    )


def sample() -> np.ndarray:
    """Points from −10⁶ to 10⁶, symmetric and ascending: even within |x| ≤ 10, then by ratio."""
    near = np.linspace(0, REACHES[0], 10_001)
    far = np.geomspace(REACHES[0], REACHES[-1], 1_001)[1:]
    right = np.concatenate([near, far])
    return np.concatenate([-right[:0:-1], right])


def normal(count: int = 10_000) -> np.ndarray:
    """Standard normal numbers without chance: the quantiles at the middles of `count` shares."""
    shares = (np.arange(count // 2) + 0.5) / count
    left = np.array([NormalDist().inv_cdf(share) for share in shares])
    return np.concatenate([left, -left])


def _mean(values: np.ndarray) -> float:
    return math.fsum(values) / len(values)  # exact, so that an odd function has the mean 0


def edge(highest: Sequence[float]) -> str:
    """What the largest values within ever farther reaches tell of an upper bound.

    Attained if the nearest reach holds it already; unbounded if the values grow from reach to
    reach, and by no less each time; else approached.

    >>> edge([1, 1, 1]), edge([0.99, 0.9999, 1]), edge([10, 100, 1000])
    ('attained', 'approached', 'unbounded')
    """
    growth = np.diff(highest)
    if not growth.any():
        return ATTAINED
    return UNBOUNDED if growth[0] > 0 and (np.diff(growth) >= 0).all() else APPROACHED


def _formula(concept: Concept) -> str:
    said = line(concept).said
    return f"{concept.formula}; {said}" if said else concept.formula


def number(value: float) -> str:
    """A number to three digits, with a minus sign as in the formulas.

    >>> number(-0.278464), number(0.0), number(4.54e-05)
    ('−0.278', '0', '4.54e−05')
    """
    return f"{value + 0.0:.3g}".replace("-", "−")


def to_frame(facts: Iterable[Facts]) -> pd.DataFrame:
    """One line for each activation and half: the facts, and the range as an interval."""
    rows = [{**asdict(f), "range": f.interval, "saturates": f.saturates} for f in facts]
    return pd.DataFrame(rows)
