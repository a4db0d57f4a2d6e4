"""Early stopping: a run ends when what it follows has stopped getting better.

An epoch improves if its metric is below that of the last improvement by more than min_delta; NaN
never does, and the first number always does. Exactly `patience` epochs in a row without improvement
end the run. Nothing is remembered here: both answers follow from the metrics so far, so one object
serves any number of runs.

Source: L. Prechelt, Early stopping — but when?, 1998.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shared.batches import check_count


@dataclass(frozen=True)
class EarlyStopping:
    """When to stop, from the metrics of all epochs so far, the lower the better.

    Raises ValueError unless patience is a whole number of at least 1 and min_delta a finite number
    of at least 0.

    >>> stopping = EarlyStopping(patience=2)
    >>> [stopping.stops([5.0, 4.0, 4.0, 6.0][:epochs]) for epochs in (1, 2, 3, 4)]
    [False, False, False, True]
    >>> stopping.best([5.0, 4.0, 4.0, 6.0])
    1
    """

    patience: int = 3
    min_delta: float = 0.0

    def __post_init__(self):
        check_count("patience", self.patience)
        if not 0 <= self.min_delta < math.inf:
            raise ValueError(
                f"min_delta must be a finite number of at least 0, got {self.min_delta!r}"
            )

    def best(self, metrics: Sequence[float]) -> int | None:
        """The epoch, from 0, of the last improvement; None if there was none."""
        best, lowest = None, math.inf
        for epoch, metric in enumerate(metrics):
            if metric < lowest - self.min_delta:
                best, lowest = epoch, metric
        return best

    def stops(self, metrics: Sequence[float]) -> bool:
        """Whether the last `patience` epochs, or more, were without improvement."""
        best = self.best(metrics)
        waited = len(metrics) if best is None else len(metrics) - 1 - best
        return waited >= self.patience
