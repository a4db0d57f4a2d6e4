"""A float64 training run that can be taken again, everything it reads rounded, and its bounds.

Bounds are the catalogue's for compositions that read at every step: four times how far the float64
run moves when each step's reads are rounded, and 4 ULP. A tensor's elements are bounded together,
by the one that moves most: of thousands of elements some hardly move in any eight draws.
"""

import math
from functools import cached_property

import numpy as np

from shared import comparison


class RoundedRun:
    """What follows from a `reference(nudge)`: name -> values at every step, (steps, …)."""

    @cached_property
    def truth(self):
        return self.reference(lambda values: values)

    @cached_property
    def movement(self):
        """name -> (steps,): how far the element that moves most does, per unit roundoff."""
        shapes = [values.shape for values in self.truth.values()]
        places = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

        def run(nudge):
            return np.concatenate([np.ravel(v) for v in self.reference(nudge).values()])

        parts = np.split(comparison.movement(run), places)
        rows = [p.reshape(s[0], -1).max(axis=1) for p, s in zip(parts, shapes, strict=True)]
        return dict(zip(self.truth, rows, strict=True))

    def bound(self, name, dtype, terms=1):
        """How far a party of this precision may be from what is exact, in each step's tensor.

        Where it is a sum of many `terms`, their roundings add up like √n, as in `Composition`.
        """
        values = self.truth[name]
        largest = np.abs(values).reshape(len(values), -1).max(axis=1)
        multiple = max(4, math.sqrt(terms))
        found = comparison.sensitivity_bound(self.movement[name], largest, dtype, multiple, floor=4)
        return np.broadcast_to(found.reshape(-1, *[1] * (values.ndim - 1)), values.shape)
