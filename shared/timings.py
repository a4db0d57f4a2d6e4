"""One measured cost of one party: what tables and figures of the performance report are made of.

Costs are medians over rounds, and ratios are medians of the ratios of each round, so that what
slows the machine for a while slows both sides alike.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

NAN = math.nan
NOISY = 0.1  # a spread above which a number is printed as noisy, and not as a result


@dataclass(frozen=True)
class Timing:
    """What one piece of work costs one party, in seconds or bytes; NaN where there is no number."""

    family: str  # "activations", "losses", "layers", "optimizers", "training", "start"
    concept: str  # "tanh", "adam", "mlp", "import"
    work: str  # "forward", "forward+backward", "step", "dispatch", "first call", "peak memory"
    size: str  # "tiny", "medium", "large"; "" where there is but one
    shape: str  # "(256, 1024)"
    elements: int  # what the figures are drawn over: elements read, or weights updated
    party: str  # "TensorFlow", "TensorFlow built-in", "torch", "torch built-in"
    mode: str  # "eager", "graph", "compiled"
    dtype: str
    device: str  # "cpu", "gpu:0"
    threads: int
    unit: str = "s"  # or "B"
    median: float = NAN
    low: float = NAN  # quartiles of the rounds
    high: float = NAN
    rounds: int = 0
    processes: int = 0
    to_builtin: float = NAN  # ours / its framework's built-in, of a half's own rows
    to_builtin_low: float = NAN
    to_builtin_high: float = NAN
    to_torch: float = NAN  # TensorFlow / torch, ours by ours and built-in by built-in
    to_torch_low: float = NAN
    to_torch_high: float = NAN
    limit: str = ""  # what the machine could not do faster: "copy", "sgemm", "dispatch"
    limit_cost: float = NAN  # what that alone costs, measured in the same run
    verdict: str = ""  # of parity, at the very inputs that were timed
    complaint: str = ""  # of the self-checks: why the number is no result
    note: str = ""

    def as_dict(self) -> dict:
        """The row as a mapping from column name to value, in column order."""
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Timing))


def quartiles(values: Iterable[float]) -> tuple[float, float, float]:
    """(median, first and third quartile); NaN of nothing.

    >>> quartiles([1.0, 2.0, 3.0, 4.0, 100.0])
    (3.0, 2.0, 4.0)
    """
    values = list(values)
    if not values:
        return NAN, NAN, NAN
    low, median, high = np.percentile(values, (25, 50, 75))
    return float(median), float(low), float(high)


def ratios(left: Sequence[float], right: Sequence[float]) -> list[float]:
    """left / right round by round, of two that were timed in the same rounds.

    >>> ratios([1.0, 20.0], [2.0, 40.0])  # the second round was slow for both
    [0.5, 0.5]
    """
    return [one / other for one, other in zip(left, right, strict=True)]


def spread(median: float, low: float, high: float) -> float:
    """How far apart the quartiles are, as a share of the median.

    >>> spread(2.0, 1.9, 2.1)
    0.10000000000000009
    """
    return (high - low) / median


def noisy(median: float, low: float, high: float) -> bool:
    """Whether the quartiles are too far apart for the median to be printed as a result.

    >>> noisy(2.0, 1.9, 2.0), noisy(2.0, 1.5, 2.5)
    (False, True)
    """
    return spread(median, low, high) > NOISY
